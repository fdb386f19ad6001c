import asyncio
import threading

from mangaflux.cpu_pool import CpuPool, Urgency

DEADLINE_SECONDS = 10


async def test_what_the_device_waits_for_overtakes_what_waits_longer() -> None:
    pool = CpuPool(1)
    gate, order = threading.Event(), []
    busy = asyncio.ensure_future(pool.run(Urgency.ANALYZE, lambda: gate.wait(DEADLINE_SECONDS)))
    await asyncio.sleep(0)
    waiting = [
        asyncio.ensure_future(pool.run(urgency, lambda urgency=urgency: order.append(urgency)))  # type: ignore[misc]
        for urgency in (Urgency.ANALYZE, Urgency.FINISH, Urgency.ANALYZE, Urgency.PREPARE)
    ]
    await asyncio.sleep(0)

    gate.set()
    await asyncio.wait_for(asyncio.gather(busy, *waiting), DEADLINE_SECONDS)

    assert order == [Urgency.PREPARE, Urgency.FINISH, Urgency.ANALYZE, Urgency.ANALYZE]
    assert await pool.close(DEADLINE_SECONDS)


async def test_no_more_calls_run_at_once_than_there_are_threads() -> None:
    pool = CpuPool(2)
    lock, running, most = threading.Lock(), [0], [0]

    def call() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.005)
        with lock:
            running[0] -= 1

    await asyncio.wait_for(asyncio.gather(*[pool.run(Urgency.ANALYZE, call) for _ in range(20)]), DEADLINE_SECONDS)

    assert most == [2]
    assert await pool.close(DEADLINE_SECONDS)


async def test_whoever_stops_waiting_in_line_takes_no_thread_with_them() -> None:
    pool = CpuPool(1)
    gate = threading.Event()
    busy = asyncio.ensure_future(pool.run(Urgency.ANALYZE, lambda: gate.wait(DEADLINE_SECONDS)))
    await asyncio.sleep(0)
    leaving = asyncio.ensure_future(pool.run(Urgency.PREPARE, lambda: True))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.set()
    await asyncio.wait_for(busy, DEADLINE_SECONDS)

    assert await asyncio.wait_for(pool.run(Urgency.FINISH, lambda: "ran"), DEADLINE_SECONDS) == "ran"
    assert await pool.close(DEADLINE_SECONDS)


async def test_a_thread_comes_back_from_a_call_that_fails() -> None:
    pool = CpuPool(1)

    for _ in range(3):
        try:
            await pool.run(Urgency.ANALYZE, lambda: 1 // 0)
        except ZeroDivisionError:
            continue

    assert await asyncio.wait_for(pool.run(Urgency.ANALYZE, lambda: "ran"), DEADLINE_SECONDS) == "ran"
    assert await pool.close(DEADLINE_SECONDS)


async def test_a_call_that_does_not_come_back_is_left_behind() -> None:
    pool = CpuPool(1)
    gate = threading.Event()
    hanging = asyncio.ensure_future(pool.run(Urgency.ANALYZE, lambda: gate.wait(DEADLINE_SECONDS)))
    await asyncio.sleep(0)
    hanging.cancel()

    assert not await pool.close(0.05)

    gate.set()
