"""A client's side of one connection, without the connection: ids out, answers in."""

from __future__ import annotations

from typing import Generic, Iterator, TypeVar

from .errors import ProtocolError
from .frame import ANSWERS, Decoder, Frame, Header, Kind, encode

_ANSWER_TO = {Kind.REQUEST: Kind.REPLY, Kind.PING: Kind.PONG, Kind.DESCRIBE: Kind.DESCRIPTION}

Waiter = TypeVar("Waiter")
Ticket = tuple[Kind, int]


class Link(Generic[Waiter]):
    """Matches answers to what waits for them. An answer that nobody waits for is dropped."""

    def __init__(self, max_body: int) -> None:
        self._decoder = Decoder(ANSWERS, max_body)
        self._open: dict[Ticket, Waiter] = {}
        self._next_id = 1
        self.going = False
        """The other side has said goaway: no new request on this connection; open ones are answered."""

    def __len__(self) -> int:
        """How much is open."""
        return len(self._open)

    def ask(self, header: Header, body: bytes, waiter: Waiter) -> tuple[Ticket, bytes]:
        """Gives the request an id. Returns the ticket to forget() it by, and the bytes to send."""
        header.id = self._next_id
        self._next_id += 1
        ticket = (_ANSWER_TO[Kind(header.kind)], header.id)
        data = encode(header, body)
        self._open[ticket] = waiter
        return ticket, data

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more."""
        self._open.pop(ticket, None)

    def receive(self, data: bytes) -> Iterator[tuple[Waiter, Frame]]:
        """The answers that these bytes complete. Raises ProtocolError: the connection must be closed then."""
        self._decoder.feed(data)
        for frame in self._decoder:
            if frame.too_large:
                raise ProtocolError(f"an answer with a body of {frame.header.body_bytes} bytes, over max_body")
            if frame.header.kind == Kind.GOAWAY:
                self.going = True
                continue
            waiter = self._open.pop((Kind(frame.header.kind), frame.header.id), None)
            if waiter is not None:
                yield waiter, frame

    def abandon(self) -> list[Waiter]:
        """The connection has ended: all that was open."""
        left = list(self._open.values())
        self._open.clear()
        return left
