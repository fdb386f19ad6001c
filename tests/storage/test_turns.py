"""Whose page comes next."""

from mangaflux.storage.turns import SMALL_IN_A_ROW, Turns, WaitingJob


def _job(job_id: str, *, client: str = "a", pages: int = 100, priority: int = 0, seq: int = 1) -> WaitingJob:
    return WaitingJob(job_id, 1, priority, seq, client, pages)


def _order(waiting: list[WaitingJob], count: int, small_job_pages: int = 8) -> list[str]:
    turns = Turns(small_job_pages)
    return [turns.next_of(waiting).job_id for _ in range(count)]


def test_clients_take_turns_however_many_jobs_each_has() -> None:
    waiting = [_job("a1", seq=1), _job("a2", seq=2), _job("a3", seq=3), _job("b1", client="b", seq=4)]

    assert _order(waiting, 4) == ["a1", "b1", "a1", "b1"]


def test_a_new_client_comes_next() -> None:
    turns = Turns(8)
    waiting = [_job("a1", client="a"), _job("b1", client="b", seq=2)]
    for _ in range(5):
        turns.next_of(waiting)

    assert turns.next_of([*waiting, _job("c1", client="c", seq=3)]).job_id == "c1"


def test_a_small_job_goes_before_a_volume_of_the_same_client() -> None:
    assert _order([_job("volume", pages=400), _job("page", pages=1, seq=2)], 1) == ["page"]


def test_a_volume_keeps_a_share_while_small_jobs_come_without_end() -> None:
    order = _order([_job("volume", pages=400), _job("page", pages=1, seq=2)], 2 * (SMALL_IN_A_ROW + 1))

    assert order.count("volume") == 2
    assert order.index("volume") == SMALL_IN_A_ROW


def test_priority_goes_before_everything_else() -> None:
    assert _order([_job("page", pages=1), _job("volume", pages=400, priority=1, seq=2)], 9) == ["volume"] * 9


def test_without_small_jobs_the_older_job_goes_first() -> None:
    assert _order([_job("younger", pages=1, seq=2), _job("older", pages=400)], 2, small_job_pages=0) == ["older"] * 2
