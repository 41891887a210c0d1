"""An asyncio client of a Finishline proxy, or of one server."""

from __future__ import annotations

import asyncio
import json
import math
from types import TracebackType
from typing import Any, Iterable, Iterator, Literal, Mapping, overload

from .aio_wire import AsyncWire, AsyncWires
from .attempt import Attempts
from .call import Call, Reply, reply_of
from .errors import FinishlineError, TimedOut, failure_of
from .frame import DEFAULT_MAX_BODY, Frame, Header, Kind
from .names import SEED_TYPES, Address, code_of
from .retry import Retry


class AsyncClient:
    """Sends any number of requests at once over one connection, and makes it again when it is lost.

        async with AsyncClient("127.0.0.1:9000") as client:
            reply = await client.call("video", length=5, body=b"cat")

    It connects with the first request, and belongs to one event loop. A call that is cancelled, or
    out of time, is forgotten at once, and taken back from a proxy or server that understands that.
    """

    def __init__(self, address: Address, *, types: Mapping[str, str] = SEED_TYPES, timeout: float | None = 60.0,
                 connect_timeout: float = 10.0, retry: Retry = Retry(), max_body: int = DEFAULT_MAX_BODY) -> None:
        """The arguments are those of Client."""
        self._types = types
        self._timeout = timeout
        self._retry = retry
        self._wires = AsyncWires(address, connect_timeout, retry.backoff, max_body)

    async def call(self, type: str, length: int = 1, body: bytes = b"", *, deadline: float | None = None,
                   retryable: bool = False, priority: int = 0) -> Reply:
        """Sends one request and waits for its reply, which is ok. Raises what Client.call() raises."""
        call = Call(type, length, body, deadline, retryable, priority)
        return await self._run(call, code_of(type, self._types))

    @overload
    async def call_many(self, calls: Iterable[Call], *, window: int = ...,
                        return_errors: Literal[False] = ...) -> list[Reply]: ...

    @overload
    async def call_many(self, calls: Iterable[Call], *, window: int = ...,
                        return_errors: Literal[True]) -> list[Reply | FinishlineError]: ...

    async def call_many(self, calls: Iterable[Call], *, window: int = 64, return_errors: bool = False) -> Any:
        """Sends requests, at most `window` open at a time; the rest is as in Client.call_many()."""
        coded = [(call, code_of(call.type, self._types)) for call in calls]
        results: list[Any] = [None] * len(coded)
        left = enumerate(coded)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(max(1, window), len(coded))):
                group.create_task(self._take_turns(left, results))
        for result in results:
            if isinstance(result, FinishlineError) and not return_errors:
                raise result
        return results

    async def ping(self) -> float:
        """Seconds until the other side has answered a ping, which it does before any work."""
        started = asyncio.get_running_loop().time()
        await self._ask(Kind.PING)
        return asyncio.get_running_loop().time() - started

    async def describe(self) -> dict[str, Any]:
        """What the proxy schedules: types, costs, servers; see PROTOCOL.md. Raises NoServer where it does not tell."""
        answer = await self._ask(Kind.DESCRIBE)
        if answer.header.detail != 0:
            raise failure_of(reply_of(answer, 1))
        described: dict[str, Any] = json.loads(answer.body)
        return described

    async def close(self) -> None:
        """Closes the connection. What is open ends with ClientClosed, and is taken back from a proxy or server that
        understands that, which may take a tenth of a second. Safe to call again."""
        await self._wires.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.close()

    async def _take_turns(self, left: Iterator[tuple[int, tuple[Call, int]]], results: list[Any]) -> None:
        for place, (call, code) in left:
            try:
                results[place] = await self._run(call, code)
            except FinishlineError as error:
                results[place] = error

    async def _run(self, call: Call, code: int) -> Reply:
        attempts = Attempts(call, code, asyncio.get_running_loop().time(), self._timeout)
        try:
            async with asyncio.timeout_at(None if math.isinf(attempts.limit) else attempts.limit):
                return await self._attempt(attempts)
        except TimeoutError as error:
            if isinstance(error, FinishlineError):
                raise
            raise attempts.out_of_time(self._wires.why) from None

    async def _attempt(self, attempts: Attempts) -> Reply:
        loop = asyncio.get_running_loop()
        while True:
            wire = await self._wires.take()
            header = attempts.next_header(loop.time())
            try:
                outcome = attempts.outcome(await self._exchange(wire, header, attempts.call.body))
            except FinishlineError as error:
                outcome = error
            if isinstance(outcome, Reply):
                return outcome
            pause = attempts.pause_after(outcome, loop.time(), self._retry)
            if pause is None:
                raise outcome
            await asyncio.sleep(pause)

    async def _exchange(self, wire: AsyncWire, header: Header, body: bytes) -> Frame:
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        ticket = wire.ask(header, body, answer)
        try:
            return await answer
        except asyncio.CancelledError:
            wire.cancel(ticket)
            raise
        finally:
            wire.forget(ticket)

    async def _ask(self, kind: Kind) -> Frame:
        try:
            async with asyncio.timeout(self._timeout):
                wire = await self._wires.take()
                return await self._exchange(wire, Header(kind), b"")
        except TimeoutError as error:
            if isinstance(error, FinishlineError):
                raise
            raise TimedOut(f"no answer to a {kind.name.lower()} within {self._timeout:.3g} s") from None
