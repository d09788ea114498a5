"""A server that dies before it has judged what it took in, however long it lives."""

from nanwatch_monitor import cli
from nanwatch_monitor.watch import Watch


def judge_later(_watch, _watched, _mark):
    """The stream is ours: nobody else judges it."""


Watch._judge_all = judge_later
cli.main()
