"""One connection of a Server: a thread reads it, any thread writes to it."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from .frame import BadFrame, Decoder, Header, Kind, encode

if TYPE_CHECKING:
    from .server import Server

_READ_BYTES = 256 * 1024
_SEND_TIMEOUT_S = 10
_LAST_WORDS_S = 1.0


class Connection:
    def __init__(self, sock: socket.socket, server: Server) -> None:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # One call of send() waits no longer.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", _SEND_TIMEOUT_S, 0))
        self._socket = sock
        self._server = server
        self._writing = threading.Lock()
        self.owed = 0
        """Answers that are still to be sent; the server's lock guards it."""

    def read(self, decoder: Decoder) -> None:
        """Takes what comes until the end of the stream, or until it makes no sense any more."""
        try:
            while data := self._socket.recv(_READ_BYTES):
                decoder.feed(data)
                for frame in decoder:
                    answer = self._server.take(frame, self)
                    if answer is not None:
                        self.send(answer)
        except BadFrame as error:
            self._say_last(self._server.refuse_bad(error))
        except OSError:
            pass

    def send(self, data: bytes) -> None:
        """Sends all of it, or gives the connection up: who does not read must not hold up a slot."""
        with self._writing:
            until = time.monotonic() + _SEND_TIMEOUT_S
            left = memoryview(data)
            try:
                while left and time.monotonic() < until:
                    left = left[self._socket.send(left):]
            except OSError:
                pass
            if left:
                self._shut(socket.SHUT_RDWR)

    def say_goaway(self) -> None:
        self.send(encode(Header(Kind.GOAWAY)))

    def close(self) -> None:
        """Ends it, from any thread; who reads it sees the end of the stream."""
        self._shut(socket.SHUT_RDWR)

    def release(self) -> None:
        """Gives the descriptor back. Only who reads it may do so, when it has read to the end."""
        with self._writing:
            self._socket.close()

    def _say_last(self, data: bytes) -> None:
        """Sends, and reads on until the other side has gone: what is unread when we close would reset the reply."""
        self.send(data)
        self._shut(socket.SHUT_WR)
        until = time.monotonic() + _LAST_WORDS_S
        try:
            while (left := until - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(_READ_BYTES):
                    return
        except OSError:
            pass

    def _shut(self, how: int) -> None:
        try:
            self._socket.shutdown(how)
        except OSError:
            pass
