"""Runs coroutines in tests whose own thread may have a loop already: Playwright keeps one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run(coroutine):
    """The coroutine's result, from a loop in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
