from dataclasses import replace

import numpy as np

from mangaflux.engine.base import Region
from mangaflux.engine.silence import SilenceLimit
from tests.engine.test_executor import a_request


def test_the_limit_follows_the_median_page_and_has_a_floor() -> None:
    limit = SilenceLimit(60)
    for seconds in (2.0, 3.0, 500.0):
        limit.took(a_request(), seconds)
    assert limit.seconds(a_request()) == 60

    for _ in range(10):
        limit.took(a_request(), 20.0)
    assert limit.seconds(a_request()) == 100


def test_a_size_that_was_not_done_before_has_more_patience() -> None:
    limit = SilenceLimit(60)
    assert limit.seconds(a_request()) == 600
    limit.took(a_request(), 2.0)

    assert limit.seconds(a_request(seed=2)) == 60
    larger = np.zeros((16, 6, 3), np.uint8)
    assert limit.seconds(replace(a_request(), page=larger, drawing=larger[..., 0])) == 600
    assert limit.seconds(replace(a_request(), region=Region(0, 0, 3, 3))) == 600
