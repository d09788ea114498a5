"""A way to a server that breaks in the ways in which networks do: a TCP proxy with a mode.

pass      hands on what comes
refuse    nobody listens
hole      takes connections and never says a word
cut       hands the request on whole and closes before the answer
drip      answers with a byte a second
garbage   answers with what is no HTTP
halve     closes in the middle of the request
"""

import asyncio
import contextlib
import gc
import socket
import threading

from ledger_server import held_port

BLOCK = 64 * 1024
DRIP_S = 1.0
CLOSING_S = 0.02


class Proxy:
    """Stands between a client and `upstream`, a port of this machine; runs in its `with` block."""

    def __init__(self, upstream, mode="pass"):
        self._upstream = upstream
        self._mode = mode
        self._open = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._holder = held_port()  # nobody else is given it while nobody listens
        self.port = self._holder.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        self.turn(self._mode)
        return self

    def __exit__(self, *_):
        self.turn("refuse")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._holder.close()
        gc.collect()  # what asyncio forgot to close is told to the test that cut it off

    def turn(self, mode):
        """Change the way from now on; what is open is cut off."""
        asyncio.run_coroutine_threadsafe(self._turn(mode), self._loop).result()

    async def _turn(self, mode):
        self._mode = mode
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if mode != "refuse":
            self._begin(self._listen(socket.create_server(("127.0.0.1", self.port))))
        await asyncio.sleep(CLOSING_S)  # what was cut off is closed in the next turns of the loop

    def _begin(self, work):
        task = asyncio.ensure_future(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return task

    async def _listen(self, listener):
        # asyncio's own ways to accept lose a connection that comes while they are cancelled
        with listener:
            listener.setblocking(False)
            self._loop.add_reader(listener, self._accept, listener)
            try:
                await asyncio.Event().wait()
            finally:
                self._loop.remove_reader(listener)

    def _accept(self, listener):
        with contextlib.suppress(BlockingIOError):
            connection, _ = listener.accept()
            serving = self._begin(self._serve(connection))
            serving.add_done_callback(lambda _: connection.close())

    async def _serve(self, connection):
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            writer.transport.abort()

    async def _answer(self, reader, writer):
        if self._mode == "hole":
            await asyncio.Event().wait()
        elif self._mode == "garbage":
            await reader.read(BLOCK)
            writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            await writer.drain()
        elif self._mode == "halve":
            await reader.readexactly(100)
        else:
            await self._connect(reader, writer)

    async def _connect(self, reader, writer):
        back, forth = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            ways = {self._hand_on(reader, forth), self._answers(back, writer)}
            tasks = {asyncio.ensure_future(way) for way in ways}
            _, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            forth.transport.abort()

    async def _hand_on(self, reader, writer):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()

    async def _answers(self, reader, writer):
        while data := await reader.read(BLOCK):
            if self._mode == "cut":
                return
            for piece in _drops(data) if self._mode == "drip" else (data,):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(DRIP_S if self._mode == "drip" else 0)


def _drops(data):
    return (data[at : at + 1] for at in range(len(data)))
