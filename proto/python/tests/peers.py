"""Other sides for tests that say just what a test wants, and one face for all clients."""

from __future__ import annotations

import asyncio
import socket
import threading
import unittest
from typing import Any, Callable, Iterable

import finishline
from finishline.frame import HEADER_BYTES, Header, Kind, decode_header, encode
from finishline.names import address_text, host_and_port

from .c_client import CFace
from .programs import PATIENCE_S


def receive_exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_frame(sock: socket.socket) -> tuple[Header, bytes]:
    """The next frame of a connection. Raises EOFError, TimeoutError."""
    header = decode_header(receive_exactly(sock, HEADER_BYTES))
    return header, receive_exactly(sock, header.body_bytes)


def reply_to(asked: Header, body: bytes = b"", **fields: int) -> bytes:
    header = Header(Kind.REPLY, asked.type, asked.flags, asked.id, asked.length)
    for name, value in fields.items():
        setattr(header, name, value)
    return encode(header, body)


class PeerTest(unittest.TestCase):
    def connect(self, address: str) -> socket.socket:
        sock = socket.create_connection(host_and_port(address), PATIENCE_S)
        self.addCleanup(sock.close)
        return sock

    def scripted(self, *scripts: Callable[[socket.socket], None]) -> str:
        """The address of a server that treats its first connection by the first script, and so on; then it is gone."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(PATIENCE_S)

        def converse(sock: socket.socket, script: Callable[[socket.socket], None]) -> None:
            sock.settimeout(PATIENCE_S)
            with sock:
                try:
                    script(sock)
                except (EOFError, OSError):
                    pass

        def serve() -> None:
            for script in scripts:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    break
                threads.append(threading.Thread(target=converse, args=(sock, script)))
                threads[-1].start()
            listener.close()

        def end() -> None:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            for thread in threads:  # those that it starts meanwhile stand behind it
                thread.join()

        threads = [threading.Thread(target=serve)]
        address = address_text(listener.getsockname())
        threads[0].start()
        self.addCleanup(end)
        return address


class AsyncFace:
    """An AsyncClient with the methods of a Client."""

    def __init__(self, address: str, **arguments: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._client = finishline.AsyncClient(address, **arguments)

    def call(self, *arguments: Any, **named: Any) -> finishline.Reply:
        return self._run(self._client.call(*arguments, **named))

    def call_many(self, calls: Iterable[finishline.Call], **named: Any) -> Any:
        return self._run(self._client.call_many(calls, **named))

    def ping(self) -> float:
        return self._run(self._client.ping())

    def describe(self) -> dict[str, Any]:
        return self._run(self._client.describe())

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(3 * PATIENCE_S)


CLIENTS: dict[str, Callable[..., Any]] = {"blocking": finishline.Client, "asyncio": AsyncFace, "c": CFace}
