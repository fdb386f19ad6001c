from mangaflux.engine.silence import SilenceLimit


def test_the_limit_follows_the_median_page_and_has_a_floor() -> None:
    limit = SilenceLimit(60)
    for seconds in (2.0, 3.0, 500.0):
        limit.page_took(seconds)
    assert limit.seconds == 60

    for _ in range(10):
        limit.page_took(20.0)
    assert limit.seconds == 100


def test_before_a_page_was_measured_there_is_more_patience() -> None:
    assert SilenceLimit(60).seconds == 600
