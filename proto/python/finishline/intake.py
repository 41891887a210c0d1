"""The side of a server that knows the protocol and no socket: frames in, the bytes of answers out.

Shared by Server and AsyncServer. Not safe for threads: Server holds a lock around it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Callable, Mapping, TypeVar

from .errors import DeadlineExceeded, RequestFailed
from .frame import (DEFAULT_MAX_BODY, KNOWN_FLAGS, REQUESTS, RETRYABLE, WANTS_VITALS, BadFrame, Decoder, Frame, Header,
                    Kind, Status, encode, to_u32)
from .names import code_of
from .request import Request
from .vitals import Vitals
from .workload import Job, Workload

log = logging.getLogger("finishline")

Handler = TypeVar("Handler", bound=Callable[[Request], Any])


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes. Above that a request is refused, unbegun, and the proxy gives it to another server."""

    max_body: int = DEFAULT_MAX_BODY
    """A larger body is too_large; it is skipped as it comes."""
    max_waiting: int = 1024
    """Requests that wait for a slot; one more is overloaded."""
    max_waiting_bytes: int = 64 << 20
    """The bytes that those hold."""
    max_connections: int = 1024
    """One more is closed at once. A proxy has few for each of its workers."""


MOST_SLOTS = 65536
"""The most that a resize may ask for, as in [[server]] of the proxy."""


class Intake:
    """Which types are served and by whom, what waits, and what each frame is answered with."""

    def __init__(self, slots: int, types: Mapping[str, str], limits: Limits, max_slots: int | None = None) -> None:
        if slots < 1:
            raise ValueError(f"slots is {slots}; a server works on at least 1 request at a time")
        self.slots = slots
        self._max_slots = max_slots or (MOST_SLOTS if slots > 1 else 1)
        self.draining = False
        self.work = Workload(limits.max_waiting, limits.max_waiting_bytes)
        self._types = types
        self._vitals = Vitals()
        self._limits = limits
        self._handlers: dict[int, tuple[str, Callable[[Request], Any]]] = {}

    def register(self, types: tuple[str, ...], handler: Callable[[Request], Any]) -> None:
        """Raises ValueError for a name that is unknown, or has a handler."""
        if not types:
            raise ValueError("say which types it handles, as @server.handles(\"video\")")
        for name in types:
            code = code_of(name, self._types)
            if code in self._handlers:
                raise ValueError(f"the type {name!r} has a handler already")
            self._handlers[code] = (name, handler)

    def handler_of(self, job: Job) -> Callable[[Request], Any]:
        return self._handlers[job.asked.type][1]

    def new_decoder(self) -> Decoder:
        return Decoder(REQUESTS, self._limits.max_body)

    def take(self, frame: Frame, connection: object, now: float) -> bytes | None:
        """The answer to a frame; None: it is a request, and waits now for begin()."""
        asked = frame.header
        if asked.kind == Kind.PING:
            wanted = asked.length == WANTS_VITALS
            body = self._vitals.body(self.slots, self.work.backlog(now)) if wanted else b""
            return encode(Header(Kind.PONG, id=asked.id), body)
        if asked.kind == Kind.DESCRIBE:
            return encode(Header(Kind.DESCRIPTION, id=asked.id, detail=Status.NO_SERVER))
        if asked.kind == Kind.ESTIMATE:
            return encode(Header(Kind.ESTIMATED, asked.type, asked.flags, asked.id, asked.length, Status.NO_SERVER))
        if self.draining:
            return self.refusal(asked, Status.DRAINING)
        if frame.too_large:
            return self.refusal(asked, Status.TOO_LARGE)
        if asked.type not in self._handlers:
            return self.refusal(asked, Status.UNKNOWN_TYPE)
        deadline = now + asked.detail / 1000 if asked.detail else None
        request = Request(self._handlers[asked.type][0], asked.length, frame.body, bool(asked.flags & RETRYABLE),
                          deadline)
        if self.work.put(Job(request, asked, connection)):
            return None
        return self.refusal(asked, Status.OVERLOADED, self.work.backlog(now) / self.slots)

    def cancel(self, asked: Header, connection: object, now: float) -> bytes | None:
        """The reply to a request that had not begun and is cancelled; None: there is nothing to answer now."""
        job = self.work.cancel(connection, asked.id)
        return None if job is None else encode(self._reply(job, Status.CANCELLED, 0.0, now))

    def resize(self, asked: Header) -> bytes:
        """The reply to a frame that asks for another number of slots; `slots` is that number if it can be."""
        if self.draining:
            return self.refusal(asked, Status.DRAINING)
        if not 1 <= asked.length <= self._max_slots:
            return self.refusal(asked, Status.SERVER_ERROR)
        self.slots = asked.length
        log.info("works on %d at once from now on", self.slots)
        return self.refusal(asked, Status.OK)

    def refuse_bad(self, error: BadFrame) -> bytes:
        """The reply behind which the connection closes."""
        log.warning("bad frame: %s", error)
        return self.refusal(error.header, Status.BAD_FRAME)

    def refusal(self, asked: Header, status: int, service_s: float = 0.0) -> bytes:
        return encode(Header(Kind.REPLY, asked.type, asked.flags & KNOWN_FLAGS, asked.id, asked.length, int(status),
                             to_u32(service_s * 1e6)))

    def begin(self, now: float) -> tuple[Job | None, bytes | None]:
        """The next request to work on, if a slot is free. With bytes its deadline has passed: they are its reply, and it
        is finished."""
        job = self.work.begin(now) if self.work.running < self.slots else None
        if job is None or job.request.deadline is None or now < job.request.deadline:
            return job, None
        return job, self.failed(job, DeadlineExceeded(), now)

    def served(self, job: Job, body: Any, now: float) -> bytes:
        """The reply to a request whose handler returned `body`."""
        if body is None:
            body = b""
        if not isinstance(body, (bytes, bytearray, memoryview)):
            return self.failed(job, TypeError(f"a handler returns bytes, not {type(body).__name__}"), now)
        took = self.work.finish(job, now, served=True)
        return encode(self._reply(job, Status.OK, took, now), bytes(body))

    def failed(self, job: Job, error: BaseException, now: float) -> bytes:
        """The reply to a request whose handler raised `error`: its status, or server_error, which is logged.

        What a client told the handler about a request of its own says nothing about this one: server_error, too.
        """
        took = self.work.finish(job, now, served=False)
        if isinstance(error, RequestFailed) and error.status != Status.OK and error.reply is None:
            told = (error.retry_after or 0.0) if error.status == Status.OVERLOADED else took
            return encode(self._reply(job, error.status, told, now))
        log.error("the handler of %s failed", job.request.type, exc_info=error)
        return encode(self._reply(job, Status.SERVER_ERROR, took, now))

    def _reply(self, job: Job, status: int, service_s: float, now: float) -> Header:
        asked = job.asked
        return Header(Kind.REPLY, asked.type, asked.flags & KNOWN_FLAGS, asked.id, asked.length, int(status),
                      to_u32(service_s * 1e6), to_u32(self.work.backlog(now) * 1e6))
