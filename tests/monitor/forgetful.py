"""A server that acknowledges before it commits: what the crash test must be able to notice."""

import threading

from nanwatch_monitor import cli
from nanwatch_monitor.store.log import BatchLog
from nanwatch_monitor.store.receipts import Receipt

commit = BatchLog.append_all


def commit_later(log, requests, now):
    """Answer at once; the frames are stored in order, but a moment after the answer."""
    late = threading.Timer(0.3, commit, (log, requests, now))
    late.daemon = True
    late.start()
    return [Receipt(1, one.frames[-1][0].seq, (), duplicates=0, opened=False) for one in requests]


BatchLog.append_all = commit_later
cli.main()
