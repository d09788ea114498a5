"""A server that acknowledges before it commits: what the crash test must be able to notice."""

from collections import deque

from nanwatch_monitor import cli
from nanwatch_monitor.store.log import BatchLog
from nanwatch_monitor.store.receipts import Receipt

LATE = 5  # groups of requests that are answered and not stored yet

commit, waiting = BatchLog.append_all, deque()


def commit_later(log, requests, now):
    """Answer at once; the frames are stored in order, when others have come after them."""
    waiting.append((log, requests, now))
    if len(waiting) > LATE:
        commit(*waiting.popleft())
    return [Receipt(1, one.frames[-1][0].seq, (), duplicates=0, opened=False) for one in requests]


BatchLog.append_all = commit_later
cli.main()
