"""The connections of an asyncio client."""

from __future__ import annotations

import asyncio
import socket

from .errors import ClientClosed, ConnectFailed, ConnectionLost, FinishlineError, ProtocolError
from .frame import Frame, Header
from .link import CANCEL_PATIENCE_S, Link, Ticket
from .names import Address, address_text, host_and_port, socket_path
from .retry import Backoff


class AsyncWire(asyncio.Protocol):
    """One connection. Answers go to the futures that wait for them."""

    def __init__(self, max_body: int) -> None:
        self.link: Link[asyncio.Future[Frame]] = Link(max_body)
        self.ended = False
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._reason: FinishlineError | None = None
        self._heard = asyncio.Event()
        """Something has come, or the end."""

    @property
    def takes_requests(self) -> bool:
        return not self.ended and not self.link.going

    async def writable(self) -> None:
        """Waits while the other side does not read. Returns also when the connection ends."""
        await self._writable.wait()

    def ask(self, header: Header, body: bytes, waiter: asyncio.Future[Frame]) -> Ticket:
        assert self._transport is not None
        ticket, data = self.link.ask(header, body, waiter)
        self._transport.write(data)
        return ticket

    def forget(self, ticket: Ticket) -> None:
        self.link.forget(ticket)
        self._close_if_done()

    def cancel(self, ticket: Ticket) -> None:
        """forget(), and the other side hears of it, if it understands that."""
        self._send(self.link.cancel(ticket))

    def take_back(self, reason: FinishlineError) -> None:
        """What is open ends with `reason`, and the other side leaves it, if it understands that."""
        for ticket, waiter in self.link.all_open():
            self._send(self.link.cancel(ticket))
            if not waiter.done():
                waiter.set_exception(reason)

    async def cancels_said(self) -> None:
        """Waits until what takes requests back has left, or cannot. That may be for ever."""
        while self.link.asks and not self.ended:
            self._heard.clear()
            await self._heard.wait()
        if self._transport is not None and not self.ended:
            self._transport.set_write_buffer_limits(high=0)
            await self.writable()

    def close(self, reason: FinishlineError) -> None:
        """Ends the connection; what is open on it ends with `reason`."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        try:
            for waiter, frame in self.link.receive(data):
                if not waiter.done():
                    waiter.set_result(frame)
            self._send(self.link.put_off())
        except ProtocolError as error:
            self.close(error)
        self._heard.set()
        self._close_if_done()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._writable.set()
        self._heard.set()
        reason = self._reason or ConnectionLost(
            f"{exc or 'the other side closed the connection'}; the request was open and may have been done")
        for waiter in self.link.abandon():
            if not waiter.done():
                waiter.set_exception(reason)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _send(self, data: bytes) -> None:
        if data and not self.ended and self._transport is not None:
            self._transport.write(data)

    def _close_if_done(self) -> None:
        if self.link.going and len(self.link) == 0 and self._transport is not None:
            self._transport.close()


class AsyncWires:
    """The connection in use, made anew when it is gone; those that have said goaway end by themselves."""

    def __init__(self, address: Address, connect_timeout: float, backoff: Backoff, max_body: int) -> None:
        self._target = socket_path(address) or host_and_port(address)
        self._connect_timeout = connect_timeout
        self._backoff = backoff
        self._max_body = max_body
        self._wires: list[AsyncWire] = []
        self._connecting: asyncio.Task[AsyncWire] | None = None
        self._closed = False
        self.why = ""
        """What the last attempt to connect came to; "" once there has been a connection."""

    async def take(self) -> AsyncWire:
        """A connection that takes requests. Raises ConnectFailed, ClientClosed."""
        while True:
            wire = await self._usable()
            await wire.writable()
            if wire.takes_requests:
                return wire

    async def close(self) -> None:
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        reason = ClientClosed("the client was closed with the request open; it may have been done")
        for wire in self._wires:
            wire.take_back(reason)
        try:
            async with asyncio.timeout(CANCEL_PATIENCE_S):
                for wire in self._wires:
                    await wire.cancels_said()
        except TimeoutError:
            pass
        finally:
            for wire in self._wires:
                wire.close(reason)
        await asyncio.sleep(0)  # connection_lost runs in the next turn

    async def _usable(self) -> AsyncWire:
        if self._closed:
            raise ClientClosed("this client has been closed")
        if self._wires and self._wires[-1].takes_requests:
            return self._wires[-1]
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        try:
            return await asyncio.shield(self._connecting)
        except asyncio.CancelledError:
            if self._closed:
                raise ClientClosed("the client was closed before the request was sent") from None
            raise

    def _connected(self, task: asyncio.Task[AsyncWire]) -> None:
        self._connecting = None
        if task.cancelled() or task.exception() is not None:
            return
        self._wires = [wire for wire in self._wires if not wire.ended] + [task.result()]

    async def _connect(self) -> AsyncWire:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._connect_timeout
        failures = 0
        while True:
            try:
                async with asyncio.timeout_at(until):
                    wire = await self._open()
                self.why = ""
                return wire
            except OSError as error:
                failures += 1
                self.why = f"{address_text(self._target)}: {error or 'timed out'}"
                pause = self._backoff.pause(failures)
                if loop.time() + pause >= until:
                    raise ConnectFailed(self.why) from error
                await asyncio.sleep(pause)

    async def _open(self) -> AsyncWire:
        loop = asyncio.get_running_loop()
        if isinstance(self._target, str):
            _, wire = await loop.create_unix_connection(lambda: AsyncWire(self._max_body), self._target)
        else:
            _, wire = await loop.create_connection(lambda: AsyncWire(self._max_body), *self._target)
        return wire
