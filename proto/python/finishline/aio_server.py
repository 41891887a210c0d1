"""A server whose handlers are coroutines, `slots` at a time; plain functions run in threads beside the loop."""

from __future__ import annotations

import asyncio
import inspect
import signal
import socket
from types import TracebackType
from typing import Any, Callable, Mapping

from .aio_server_connection import AsyncConnection
from .errors import Cancelled
from .frame import Frame, Kind
from .in_thread import in_thread
from .intake import Handler, Intake, Limits, log
from .listening import listen_at, remove_file
from .names import SEED_TYPES, Address, address_text, host_and_port, socket_path
from .server import LONGEST_GOODBYE, QUIET
from .workload import Job


class AsyncServer:
    """Does typed work for a proxy, first come, first served, `slots` requests at a time.

        server = AsyncServer("127.0.0.1:9001", slots=2)

        @server.handles("video")
        async def video(request: Request) -> bytes:
            return request.body

        server.run()

    What handlers return and raise is as with Server. It belongs to one event loop.
    """

    def __init__(self, address: Address = "127.0.0.1:0", *, slots: int = 2, max_slots: int | None = None,
                 types: Mapping[str, str] = SEED_TYPES, limits: Limits = Limits()) -> None:
        """The arguments are those of Server."""
        if socket_path(address) is None:
            host_and_port(address)  # what makes no sense is told now
        self._bind = address
        self._limits = limits
        self._intake = Intake(slots, types, limits, max_slots)
        self._connections: set[AsyncConnection] = set()
        self._listener: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._work_went = asyncio.Event()
        self._ended = asyncio.Event()
        self._drain_started = False
        self._stopped = False
        self._last_frame = 0.0
        self.address = ""
        """HOST:PORT that it listens on, once it has started."""

    @property
    def slots(self) -> int:
        """Requests that it works on at once: the number it was made with, or what the proxy has told it since."""
        return self._intake.slots

    def handles(self, *types: str) -> Callable[[Handler], Handler]:
        """Registers a handler for request types: names, or letters of the wire. Raises ValueError."""

        def register(handler: Handler) -> Handler:
            self._intake.register(types, handler)
            return handler

        return register

    async def start(self) -> str:
        """Listens and serves as long as the loop runs. Returns the address. Raises OSError."""
        loop = asyncio.get_running_loop()
        sock = listen_at(self._bind)
        sock.setblocking(False)
        create = loop.create_unix_server if sock.family == socket.AF_UNIX else loop.create_server
        self._listener = await create(lambda: AsyncConnection(self._intake, self), sock=sock, backlog=512)
        self.address = address_text(self._listener.sockets[0].getsockname())
        log.info("listening on %s", self.address)
        return self.address

    def run(self) -> bool:
        """serve() in an event loop of its own."""
        return asyncio.run(self.serve())

    async def serve(self) -> bool:
        """Serves until SIGTERM or SIGINT, then drains; a second one stops at once. Main thread only.

        Returns whether all work that was accepted has been finished.
        """
        loop = asyncio.get_running_loop()
        signals: asyncio.Queue[str] = asyncio.Queue()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, signals.put_nowait, "signal")
        try:
            await self.start()
            await signals.get()
            draining = asyncio.create_task(self.drain())
            draining.add_done_callback(lambda task: signals.put_nowait("end"))
            finished = await signals.get() == "end"
            await self.stop()
            return finished
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def drain(self) -> None:
        """Takes no new request, says so, finishes what it has, and ends. Returns when that is done."""
        first, self._drain_started = not self._drain_started, True
        if not first:
            await self._ended.wait()
            return
        self._intake.draining = True
        self._close_listener()
        for connection in list(self._connections):
            connection.say_goaway()
        while not self._stopped and any(each.owed for each in self._connections):
            self._work_went.clear()
            await self._work_went.wait()
        await self._say_goodbye()
        await self.stop()

    async def stop(self) -> None:
        """Ends at once: connections are closed, and handlers are cancelled."""
        self._stopped = True
        self._work_went.set()
        self._close_listener()
        for connection in list(self._connections):
            connection.close()
        for task in self._running:
            task.cancel()
        self._ended.set()
        await asyncio.sleep(0)  # connections are lost in the next turn

    async def __aenter__(self) -> AsyncServer:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if kind is None:
            await self.drain()
        else:
            await self.stop()

    def _close_listener(self) -> None:
        if self._listener is None or not self._listener.is_serving():
            return
        remove_file(self.address)
        self._listener.close()

    # --- called by connections -----------------------------------------------------------------------

    def welcome(self, connection: AsyncConnection) -> bool:
        """Whether it may stay."""
        if self._stopped or len(self._connections) >= self._limits.max_connections:
            return False
        self._connections.add(connection)
        if self._intake.draining:
            connection.say_goaway()
        return True

    def take(self, frame: Frame, connection: AsyncConnection) -> bytes | None:
        """The answer to a frame, or None where it comes later."""
        self._last_frame = asyncio.get_running_loop().time()
        if frame.header.kind == Kind.CANCEL:
            return self._cancel(frame, connection)
        if frame.header.kind == Kind.RESIZE:
            reply = self._intake.resize(frame.header)
            self._begin_work()
            return reply
        answer = self._intake.take(frame, connection, self._last_frame)
        if answer is None:
            connection.owed += 1
            self._begin_work()
        return answer

    def _cancel(self, frame: Frame, connection: AsyncConnection) -> bytes:
        answer = self._intake.cancel(frame.header, connection, self._last_frame)
        if answer is None:
            return b""
        connection.owed -= 1
        self._work_went.set()
        return answer

    def withdraw(self, connection: AsyncConnection) -> None:
        """It wants no more."""
        connection.owed -= self._intake.work.withdraw(connection)
        self._work_went.set()

    def leave(self, connection: AsyncConnection) -> None:
        """It has ended."""
        self.withdraw(connection)
        self._connections.discard(connection)

    # --- work ----------------------------------------------------------------------------------------

    def _begin_work(self) -> None:
        now = asyncio.get_running_loop().time()
        while len(self._running) < self._intake.slots and not self._stopped:
            job, refusal = self._intake.begin(now)
            if job is None:
                return
            if refusal is not None:
                self._answer(job, refusal)
                continue
            task = asyncio.create_task(self._serve(job))
            self._running.add(task)
            task.add_done_callback(self._slot_is_free)

    def _slot_is_free(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._begin_work()

    async def _serve(self, job: Job) -> None:
        clock = asyncio.get_running_loop().time
        try:
            body = await self._handled(job)
        except asyncio.CancelledError as error:
            if self._stopped:
                raise
            taken_back = Cancelled() if job.request.cancelled else error
            self._answer(job, self._intake.failed(job, taken_back, clock()))
        except Exception as error:
            self._answer(job, self._intake.failed(job, error, clock()))
        else:
            self._answer(job, self._intake.served(job, body, clock()))

    async def _handled(self, job: Job) -> Any:
        handler = self._intake.handler_of(job)
        if job.request.cancelled:
            raise Cancelled()
        if inspect.iscoroutinefunction(handler):
            job.stop = asyncio.current_task().cancel  # type: ignore[union-attr]
            return await handler(job.request)
        return await in_thread(handler, job.request)

    def _answer(self, job: Job, answer: bytes) -> None:
        job.connection.owed -= 1
        job.connection.send(answer)
        self._work_went.set()

    async def _say_goodbye(self) -> None:
        """Time for requests that cross the goaway, which are refused as draining."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not self._stopped:
            left = min(begun + LONGEST_GOODBYE, max(self._last_frame, begun) + QUIET) - clock()
            if left <= 0:
                return
            await asyncio.sleep(left)
