"""A server that acknowledges before it commits: what the crash test must be able to notice."""

import threading

from nanwatch_monitor import cli
from nanwatch_monitor.store.log import BatchLog, Receipt

commit = BatchLog.append


def commit_later(log, frames, now, project=None):
    """Answer at once; the frames are stored in order, but a moment after the answer."""
    late = threading.Timer(0.3, commit, (log, frames, now, project))
    late.daemon = True
    late.start()
    return Receipt(1, frames[-1][0].seq, (), duplicates=0, opened=False)


BatchLog.append = commit_later
cli.main()
