"""A blocking client of a Finishline proxy, or of one server."""

from __future__ import annotations

import json
import math
import threading
import time
from types import TracebackType
from typing import Any, Iterable, Literal, Mapping, overload

from .batch import Batch
from .call import Call, Reply, reply_of
from .errors import ClientClosed, ConnectionLost, FinishlineError, TimedOut, failure_of
from .frame import DEFAULT_MAX_BODY, Frame, Header, Kind
from .names import SEED_TYPES, Address, code_of
from .retry import Retry
from .wire import Wires


class Client:
    """Sends requests over one connection, and makes it again when it is lost.

        with Client("127.0.0.1:9000") as client:
            reply = client.call("video", length=5, body=b"cat")

    It connects with the first request. A call that is out of time, or interrupted, is taken back from a proxy or
    server that understands that, which may take a tenth of a second. Threads may share it, but one call runs at a
    time: a thread that wants much at once uses call_many(), and threads that want it side by side have a client each.
    """

    def __init__(self, address: Address, *, types: Mapping[str, str] = SEED_TYPES, timeout: float | None = 60.0,
                 connect_timeout: float = 10.0, retry: Retry = Retry(), max_body: int = DEFAULT_MAX_BODY) -> None:
        """`timeout`: seconds that one request may take, all attempts included; None: for ever. `connect_timeout`:
        after so long without a connection a request fails. `max_body`: a larger answer ends the connection."""
        self._types = types
        self._timeout = timeout
        self._retry = retry
        self._wires: Wires[Any] = Wires(address, connect_timeout, retry.backoff, max_body)
        self._lock = threading.Lock()
        self._closed = False

    def call(self, type: str, length: int = 1, body: bytes = b"", *, deadline: float | None = None,
             retryable: bool = False, priority: int = 0) -> Reply:
        """Sends one request and waits for its reply, which is ok.

        Raises RequestFailed for any other status, ConnectFailed, ConnectionLost, TimedOut, ProtocolError; ValueError
        for a request that makes no sense. What is lost is sent again if it is `retryable`.
        """
        return self.call_many([Call(type, length, body, deadline, retryable, priority)])[0]

    @overload
    def call_many(self, calls: Iterable[Call], *, window: int = ...,
                  return_errors: Literal[False] = ...) -> list[Reply]: ...

    @overload
    def call_many(self, calls: Iterable[Call], *, window: int = ...,
                  return_errors: Literal[True]) -> list[Reply | FinishlineError]: ...

    def call_many(self, calls: Iterable[Call], *, window: int = 64, return_errors: bool = False) -> Any:
        """Sends requests, at most `window` open at a time, and returns their replies in the same order.

        Every request is played to its end. Then the first error, if any, is raised as by call(); with
        `return_errors` errors stand in the places of the replies.
        """
        coded = [(call, code_of(call.type, self._types)) for call in calls]
        with self._lock:
            self._check_open()
            results = Batch(self._wires, coded, max(1, window), self._timeout, self._retry).run()
        for result in results:
            if isinstance(result, FinishlineError) and not return_errors:
                raise result
        return results

    def ping(self) -> float:
        """Seconds until the other side has answered a ping, which it does before any work."""
        started = time.monotonic()
        self._ask(Kind.PING)
        return time.monotonic() - started

    def describe(self) -> dict[str, Any]:
        """What the proxy schedules: types, costs, servers; see PROTOCOL.md. Raises NoServer where it does not tell."""
        answer = self._ask(Kind.DESCRIBE)
        if answer.header.detail != 0:
            raise failure_of(reply_of(answer, 1))
        described: dict[str, Any] = json.loads(answer.body)
        return described

    def close(self) -> None:
        """Closes the connection. A call of another thread is taken back, and raises ClientClosed. Safe to call again."""
        self._wires.stop()
        with self._lock:
            if not self._closed:
                self._closed = True
                self._wires.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosed("this client has been closed")

    def _ask(self, kind: Kind) -> Frame:
        """One ping or describe, with nothing else open."""
        with self._lock:
            self._check_open()
            self._wires.refresh()
            until = math.inf if self._timeout is None else time.monotonic() + self._timeout
            wire = self._wires.take(until)
            ticket, _ = wire.ask(Header(kind), b"", self)
            try:
                while time.monotonic() < until:
                    if self._wires.stopped:
                        raise ClientClosed("the client was closed")
                    wire.flush()
                    for ready, _ in self._wires.wait(until):
                        for _, frame in ready.read():
                            return frame
                raise TimedOut(f"no answer to a {kind.name.lower()} within {self._timeout:.3g} s")
            except (OSError, FinishlineError) as error:
                self._wires.drop(wire)
                if isinstance(error, FinishlineError):
                    raise
                raise ConnectionLost(str(error)) from error
            finally:
                wire.link.forget(ticket)
