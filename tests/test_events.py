from datetime import UTC, datetime

from mangaflux.events import MAX_PENDING_EVENTS, Event, EventBroker, EventType


def _durable(number: int, job_id: str = "job_a") -> Event:
    return Event(EventType.PAGE_PASS1_COMPLETED, job_id, {}, datetime.now(UTC), number)


def _tick(step: int, page_num: int = 1) -> Event:
    return Event(EventType.PAGE_PROGRESS, "job_a", {"page_num": page_num, "step": step}, datetime.now(UTC))


async def test_a_subscriber_of_one_job_hears_nothing_of_others() -> None:
    broker = EventBroker()
    with broker.subscribe("job_a") as subscription:
        broker.publish(_durable(1, "job_b"))
        broker.publish(_durable(2, "job_a"))

        assert [event.id for event in await subscription.wait(1)] == [2]


async def test_of_the_progress_of_a_page_only_the_latest_is_kept() -> None:
    broker = EventBroker()
    with broker.subscribe() as subscription:
        for step in range(100):
            broker.publish(_tick(step))
        broker.publish(_tick(7, page_num=2))

        assert [event.data["step"] for event in await subscription.wait(1)] == [99, 7]


async def test_no_progress_of_a_page_is_told_after_its_status_changed() -> None:
    broker = EventBroker()
    done = Event(EventType.PAGE_PASS1_COMPLETED, "job_a", {"page_num": 1}, datetime.now(UTC), 1)
    with broker.subscribe() as subscription:
        broker.publish(_tick(3))
        broker.publish(done)

        assert await subscription.wait(1) == [done]


async def test_a_reader_that_lags_too_far_is_cut_off_and_others_are_not() -> None:
    broker = EventBroker()
    with broker.subscribe() as sleeping, broker.subscribe() as reading:
        for number in range(1, MAX_PENDING_EVENTS + 2):
            broker.publish(_durable(number))
            await reading.wait(1)

        assert sleeping.lagging
        assert not reading.lagging


async def test_waiting_ends_empty_after_the_timeout() -> None:
    with EventBroker().subscribe() as subscription:
        assert await subscription.wait(0.01) == []


async def test_closing_ends_the_wait_of_every_subscriber_also_of_later_ones() -> None:
    broker = EventBroker()
    with broker.subscribe() as early:
        broker.close()
        with broker.subscribe() as late:
            assert (await early.wait(5), await late.wait(5)) == ([], [])
            assert early.closed
            assert late.closed


async def test_nobody_is_left_behind_after_a_subscription() -> None:
    broker = EventBroker()
    with broker.subscribe():
        assert broker.subscriber_count == 1

    assert broker.subscriber_count == 0
