"""The sockets of a blocking client: the connection in use, and those that the other side is giving up."""

from __future__ import annotations

import selectors
import socket
import time
from typing import Generic, Iterator, TypeVar

from .errors import ConnectFailed, ConnectionLost, ProtocolError
from .frame import Frame, Header
from .link import Link, Ticket
from .names import Address, address_text, host_and_port, socket_path
from .retry import Backoff

_READ_BYTES = 256 * 1024

Waiter = TypeVar("Waiter")


class Wire(Generic[Waiter]):
    """One connection. Nothing here waits."""

    def __init__(self, sock: socket.socket, max_body: int) -> None:
        self.socket = sock
        self.link: Link[Waiter] = Link(max_body)
        self._out = bytearray()
        self._sent = 0
        """Bytes that the kernel has taken so far, over the life of the connection."""

    def ask(self, header: Header, body: bytes, waiter: Waiter) -> tuple[Ticket, int]:
        """Queues a request. Returns its ticket, and where its bytes begin, for has_begun()."""
        ticket, data = self.link.ask(header, body, waiter)
        begins = self._sent + len(self._out)
        self._out += data
        return ticket, begins

    def cancel(self, ticket: Ticket) -> None:
        """forget(), and queues what takes it back from an other side that understands that."""
        self._out += self.link.cancel(ticket)

    def has_begun(self, begins: int) -> bool:
        """Whether any byte of what begins there has been sent."""
        return self._sent > begins

    @property
    def wants_write(self) -> bool:
        return len(self._out) > 0

    def flush(self) -> None:
        """Sends what the kernel takes. Raises OSError."""
        while self._out:
            try:
                count = self.socket.send(memoryview(self._out)[:_READ_BYTES])
            except BlockingIOError:
                return
            self._sent += count
            del self._out[:count]

    def read(self) -> Iterator[tuple[Waiter, Frame]]:
        """The answers that one read brings. Raises OSError, ProtocolError; ConnectionLost at the end of the stream."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionLost("the other side closed the connection with the request open; it may have been done")
        yield from self.link.receive(data)
        self._out += self.link.put_off()


class Wires(Generic[Waiter]):
    """The connection in use and those that have said goaway and still owe answers. One thread at a time."""

    def __init__(self, address: Address, connect_timeout: float, backoff: Backoff, max_body: int) -> None:
        self._target = socket_path(address) or host_and_port(address)
        self._connect_timeout = connect_timeout
        self._backoff = backoff
        self._max_body = max_body
        self._selector = selectors.DefaultSelector()
        self._current: Wire[Waiter] | None = None
        self._bell, self._rope = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        self.stopped = False
        """Somebody wants it closed: nothing more is to be waited for."""

    def stop(self) -> None:
        """Any thread: ends a wait()."""
        self.stopped = True
        try:
            self._rope.send(b"s")
        except OSError:
            pass  # it is closed

    def take(self, until: float) -> Wire[Waiter]:
        """A connection that takes requests, made if need be. Raises ConnectFailed when there is none in time."""
        if self._current is not None and self._current.link.going:
            self.retire(self._current)
        if self._current is None:
            self._current = self._connect(min(until, time.monotonic() + self._connect_timeout))
            self._selector.register(self._current.socket, selectors.EVENT_READ, self._current)
        return self._current

    def retire(self, wire: Wire[Waiter]) -> None:
        """It takes no new request; it is closed when nothing is open on it any more."""
        if wire is self._current:
            self._current = None
        if len(wire.link) == 0:
            self.drop(wire)

    def drop(self, wire: Wire[Waiter]) -> list[Waiter]:
        """Closes it. Returns what was open."""
        if wire is self._current:
            self._current = None
        if wire.socket.fileno() >= 0:
            self._selector.unregister(wire.socket)
            wire.socket.close()
        return wire.link.abandon()

    def wait(self, until: float) -> list[tuple[Wire[Waiter], int]]:
        """Those that can be read or written, with selectors' events; none when the time is up."""
        for key in self._keys():
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if key.data.wants_write else 0)
            if key.events != events:
                self._selector.modify(key.fileobj, events, key.data)
        left = max(0.0, until - time.monotonic())
        ready = self._selector.select(min(left, 3600.0))
        if any(key.data is None for key, _ in ready):
            self._bell.recv(64)
        return [(key.data, events) for key, events in ready if key.data is not None]

    def say_cancels(self, until: float) -> None:
        """Sends what takes requests back. Whether the other side understands it may have to be heard first."""
        while time.monotonic() < until and any(
                key.data.wants_write or key.data.link.asks for key in self._keys()):
            for wire, events in self.wait(until):
                try:
                    if events & selectors.EVENT_WRITE:
                        wire.flush()
                    if events & selectors.EVENT_READ:
                        for _ in wire.read():
                            pass
                except (OSError, ProtocolError):
                    self.drop(wire)

    def refresh(self) -> None:
        """Takes in what came while nobody looked: a goaway, an end, late answers."""
        for wire, _ in self.wait(0.0):
            try:
                for _ in wire.read():
                    pass
                if wire.link.going:
                    self.retire(wire)
            except (OSError, ProtocolError):
                self.drop(wire)

    def close(self) -> None:
        for key in self._keys():
            self.drop(key.data)
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _keys(self) -> list[selectors.SelectorKey]:
        """Of the connections."""
        return [key for key in self._selector.get_map().values() if key.data is not None]

    def _connect(self, until: float) -> Wire[Waiter]:
        failures = 0
        while True:
            left = until - time.monotonic()
            try:
                if left <= 0:
                    raise TimeoutError("timed out")
                sock = self._open(left)
                break
            except OSError as error:
                failures += 1
                pause = self._backoff.pause(failures)
                if time.monotonic() + pause >= until:
                    raise ConnectFailed(f"{address_text(self._target)}: {error}") from error
                time.sleep(pause)
        sock.setblocking(False)
        return Wire(sock, self._max_body)

    def _open(self, timeout: float) -> socket.socket:
        if not isinstance(self._target, str):
            sock = socket.create_connection(self._target, timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(self._target)
        except OSError:
            sock.close()
            raise
        return sock
