"""What found no room is counted once."""

import threading

from nanwatch.dropped import Dropped
from nanwatch.events import Gap


def test_what_was_dropped_is_told_once_with_its_steps():
    dropped = Dropped()
    assert dropped.take() == []
    for step in (7, 5, 9):
        dropped.add(2, step)
    assert dropped.take() == [Gap(6, 5, 9)]
    assert dropped.take() == []
    dropped.add(1, 12)
    assert dropped.take() == [Gap(1, 12, 12)]


def test_nothing_is_counted_twice_or_forgotten_while_another_thread_drops():
    dropped, told = Dropped(), []
    dropping = threading.Thread(target=lambda: [dropped.add(1, step) for step in range(200_000)])
    dropping.start()
    while dropping.is_alive():
        told += dropped.take()
    told += dropped.take()
    assert sum(gap.n for gap in told) == 200_000
    assert (told[0].first_step, told[-1].last_step) == (0, 199_999)
