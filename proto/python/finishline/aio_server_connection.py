"""One connection of an AsyncServer."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from .frame import BadFrame, Header, Kind, encode
from .intake import Intake

if TYPE_CHECKING:
    from .aio_server import AsyncServer

_NOT_READ_S = 10.0
_LAST_WORDS_S = 1.0


class AsyncConnection(asyncio.Protocol):
    def __init__(self, intake: Intake, server: AsyncServer) -> None:
        self._intake = intake
        self._server = server
        self._decoder = intake.new_decoder()
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._ending = False
        """The last bytes are written: what comes is thrown away."""
        self._half_closed = False
        self.owed = 0
        """Answers that are still to be sent."""

    def send(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing() or self._ending:
            return
        self._transport.write(data)
        if self._half_closed and self.owed == 0:
            self._transport.close()

    def say_goaway(self) -> None:
        self.send(encode(Header(Kind.GOAWAY)))

    def close(self) -> None:
        """Ends it when what is written has been sent."""
        if self._transport is not None:
            self._transport.close()

    # --- asyncio.Protocol ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._server.welcome(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._decoder.feed(data)
        try:
            for frame in self._decoder:
                answer = self._server.take(frame, self)
                if answer is not None:
                    self.send(answer)
        except BadFrame as error:
            self._say_last(self._intake.refuse_bad(error))

    def eof_received(self) -> bool:
        """What has begun is finished and answered, if the answer can still be sent."""
        self._half_closed = True
        self._server.withdraw(self)
        return self.owed > 0 and not self._ending

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_patience()
        self._server.leave(self)

    def pause_writing(self) -> None:
        """The other side does not read: we do not read either, and give it up after a while."""
        assert self._transport is not None
        self._transport.pause_reading()
        self._be_patient(_NOT_READ_S)

    def resume_writing(self) -> None:
        assert self._transport is not None
        self._forget_patience()
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _say_last(self, data: bytes) -> None:
        """Sends, and reads on until the other side has gone: what is unread when we close would reset the reply."""
        assert self._transport is not None
        self.send(data)
        self._ending = True
        self._server.withdraw(self)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._be_patient(_LAST_WORDS_S)

    def _be_patient(self, seconds: float) -> None:
        self._forget_patience()
        assert self._transport is not None
        self._patience = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
