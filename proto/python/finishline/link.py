"""A client's side of one connection, without the connection: ids out, answers in."""

from __future__ import annotations

import json
from typing import Generic, Iterator, TypeVar

from .errors import ProtocolError
from .frame import ANSWERS, WANTS_VITALS, Decoder, Frame, Header, Kind, encode

CANCEL_PATIENCE_S = 0.1
"""So long a client stays, at most, for what takes back what it does not wait for any more."""

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
        self._cancels: bool | None = None  # whether the other side understands cancel; None: it has not said
        self._asked_in = 0  # the id of the ping that asks it
        self._to_cancel: list[int] = []  # until it has said

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

    def all_open(self) -> list[tuple[Ticket, Waiter]]:
        return list(self._open.items())

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more."""
        self._open.pop(ticket, None)

    def cancel(self, ticket: Ticket) -> bytes:
        """forget(), and what to send so that the other side forgets it, too: nothing where it does not understand
        that. The first time it is asked whether it does."""
        kind, number = ticket
        if self._open.pop(ticket, None) is None or kind != Kind.REPLY or self._cancels is False:
            return b""
        if self._cancels:
            return encode(Header(Kind.CANCEL, id=number))
        self._to_cancel.append(number)
        if self._asked_in:
            return b""
        self._asked_in, self._next_id = self._next_id, self._next_id + 1
        return encode(Header(Kind.PING, id=self._asked_in, length=WANTS_VITALS))

    @property
    def asks(self) -> bool:
        """Whether it waits to hear if the other side understands cancel, to send one then."""
        return bool(self._to_cancel) and self._cancels is None

    def put_off(self) -> bytes:
        """What is to be sent now that the other side has said whether it understands cancel."""
        if self._cancels is None or not self._to_cancel:
            return b""
        numbers, self._to_cancel = self._to_cancel, []
        return b"".join(encode(Header(Kind.CANCEL, id=number)) for number in numbers) if self._cancels else b""

    def receive(self, data: bytes) -> Iterator[tuple[Waiter, Frame]]:
        """The answers that these bytes complete. Raises ProtocolError: the connection must be closed then."""
        self._decoder.feed(data)
        for frame in self._decoder:
            if frame.too_large:
                raise ProtocolError(f"an answer with a body of {frame.header.body_bytes} bytes, over max_body")
            if frame.header.kind == Kind.GOAWAY:
                self.going = True
                continue
            if frame.header.kind == Kind.PONG and frame.header.id == self._asked_in:
                self._cancels = _says_cancel(frame.body)
                continue
            waiter = self._open.pop((Kind(frame.header.kind), frame.header.id), None)
            if waiter is not None:
                yield waiter, frame

    def abandon(self) -> list[Waiter]:
        """The connection has ended: all that was open."""
        left = list(self._open.values())
        self._open.clear()
        return left


def _says_cancel(body: bytes) -> bool:
    """Whether the body of a pong says that the other side understands cancel."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("cancel") is True
