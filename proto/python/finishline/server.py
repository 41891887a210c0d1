"""A server whose handlers run in threads, one for each slot."""

from __future__ import annotations

import signal
import socket
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Callable, Mapping

from .frame import BadFrame, Frame, Header, Kind, Status
from .intake import Handler, Intake, Limits, log
from .listening import listen_at, remove_file
from .names import SEED_TYPES, Address, address_text, host_and_port, socket_path
from .request import Request
from .server_connection import Connection
from .workload import Job

QUIET = 0.2
"""A drained connection is closed in the first pause of so many seconds ..."""
LONGEST_GOODBYE = 1.0
"""... or after so many."""


class Server:
    """Does typed work for a proxy, first come, first served, `slots` requests at a time.

        server = Server("127.0.0.1:9001", slots=2)

        @server.handles("video")
        def video(request: Request) -> bytes:
            return request.body

        server.run()

    A handler returns the body of the reply. It raises a RequestFailed for another status, as
    Overloaded(retry_after=0.5); any other exception is logged, and the reply is server_error.

    The proxy gives up a server that does not answer its pings. Other threads answer them while handlers work, so
    no handler may hold the interpreter for seconds, as some C code does.
    """

    def __init__(self, address: Address = "127.0.0.1:0", *, slots: int = 2, max_slots: int | None = None,
                 types: Mapping[str, str] = SEED_TYPES, limits: Limits = Limits()) -> None:
        """Port 0 takes a free one. `types`: name and letter of each request type, as in [work] of the proxy. The proxy
        may change the slots while the server runs, to `max_slots` at most: any number, but where handlers run one at a
        time (slots=1), and may not be fit for more."""
        if socket_path(address) is None:
            host_and_port(address)  # what makes no sense is told now
        self._bind = address
        self._limits = limits
        self._intake = Intake(slots, types, limits, max_slots)
        self._lock = threading.Lock()  # guards _intake, _connections and what they owe
        self._work_came = threading.Condition(self._lock)
        self._work_went = threading.Condition(self._lock)
        self._connections: set[Connection] = set()
        self._last_frame = 0.0
        self._listener: socket.socket | None = None
        self._stopped = False
        self._ended = threading.Event()
        self._drain_started = False
        self._hands = 0
        """Threads that do work: as many as there have ever been slots. Those that have none wait."""
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

    def start(self) -> str:
        """Listens and serves, in threads of its own. Returns the address. Raises OSError."""
        self._listener = listen_at(self._bind)
        self.address = address_text(self._listener.getsockname())
        threading.Thread(target=self._accept, args=(self._listener,), name="accept", daemon=True).start()
        with self._lock:
            self._hire()
        log.info("listening on %s", self.address)
        return self.address

    def run(self) -> bool:
        """Serves until SIGTERM or SIGINT, then drains; a second one stops at once. Main thread only.

        Returns whether all work that was accepted has been finished.
        """
        reader, writer = socket.socketpair()

        def tell(number: int, frame: FrameType | None) -> None:
            writer.send(b"s")

        def drain() -> None:
            self.drain()
            try:
                writer.send(b"e")
            except OSError:
                pass  # a second signal was faster

        before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.start()
            reader.recv(1)
            threading.Thread(target=drain, name="drain", daemon=True).start()
            finished = reader.recv(1) == b"e"
            if not finished:
                self.stop()
            return finished
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()

    def drain(self) -> None:
        """Takes no new request, says so, finishes what it has, and ends. Returns when that is done."""
        with self._lock:
            first, self._drain_started = not self._drain_started, True
            self._intake.draining = True
            connections = list(self._connections)
        if not first:
            self._ended.wait()
            return
        self._close_listener()
        for connection in connections:
            connection.say_goaway()
        with self._lock:
            self._work_went.wait_for(lambda: self._stopped or not any(each.owed for each in self._connections))
        self._say_goodbye()
        self.stop()

    def stop(self) -> None:
        """Ends at once: connections are closed, and what is being worked on is answered to nobody."""
        with self._lock:
            self._stopped = True
            connections = list(self._connections)
            self._work_came.notify_all()
            self._work_went.notify_all()
        self._close_listener()
        for connection in connections:
            connection.close()
        self._ended.set()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self.drain()
        else:
            self.stop()

    # --- connections ---------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError as error:
                if self._intake.draining or self._stopped:
                    return
                log.warning("cannot accept: %s", error)
                time.sleep(0.1)  # most likely out of descriptors
                continue
            self._welcome(Connection(sock, self))

    def _welcome(self, connection: Connection) -> None:
        with self._lock:
            welcome = not self._stopped and len(self._connections) < self._limits.max_connections
            if welcome:
                self._connections.add(connection)
            late = self._intake.draining
        if not welcome:
            connection.release()
            return
        if late:
            connection.say_goaway()
        threading.Thread(target=self._read, args=(connection,), name="read", daemon=True).start()

    def _read(self, connection: Connection) -> None:
        connection.read(self._intake.new_decoder())
        with self._lock:
            connection.owed -= self._intake.work.withdraw(connection)
            self._work_went.notify_all()
            self._work_went.wait_for(lambda: self._stopped or connection.owed == 0)
            self._connections.discard(connection)
        connection.release()

    def take(self, frame: Frame, connection: Connection) -> bytes | None:
        """Called by connections: the answer to a frame, or None where it comes later."""
        with self._lock:
            self._last_frame = time.monotonic()
            if frame.header.kind == Kind.CANCEL:
                return self._cancel(frame, connection)
            if frame.header.kind == Kind.RESIZE:
                return self._resize(frame.header)
            answer = self._intake.take(frame, connection, self._last_frame)
            if answer is None:
                connection.owed += 1
                self._work_came.notify()
            return answer

    def _cancel(self, frame: Frame, connection: Connection) -> bytes:
        answer = self._intake.cancel(frame.header, connection, self._last_frame)
        if answer is None:
            return b""
        connection.owed -= 1
        self._work_went.notify_all()
        return answer

    def _resize(self, asked: Header) -> bytes:
        before = self._intake.slots
        answer = self._intake.resize(asked)
        try:
            self._hire()
        except RuntimeError as error:  # the machine has no more threads
            log.warning("cannot work on %d at once: %s", asked.length, error)
            self._intake.slots = before
            answer = self._intake.refusal(asked, Status.SERVER_ERROR)
        self._work_came.notify_all()
        return answer

    def _hire(self) -> None:
        """Raises RuntimeError."""
        while self._hands < self._intake.slots:
            threading.Thread(target=self._work_on, name=f"slot-{self._hands}", daemon=True).start()
            self._hands += 1

    def refuse_bad(self, error: BadFrame) -> bytes:
        """Called by connections: the last reply of one that has sent nonsense."""
        with self._lock:
            return self._intake.refuse_bad(error)

    def _close_listener(self) -> None:
        if self._listener is None or self._listener.fileno() < 0:
            return
        remove_file(self.address)
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self._listener.close()

    def _say_goodbye(self) -> None:
        """Time for requests that cross the goaway, which are refused as draining."""
        begun = time.monotonic()
        while not self._stopped:
            left = min(begun + LONGEST_GOODBYE, max(self._last_frame, begun) + QUIET) - time.monotonic()
            if left <= 0:
                return
            time.sleep(left)

    # --- slots ---------------------------------------------------------------------------------------

    def _work_on(self) -> None:
        while (begun := self._begin()) is not None:
            job, refusal = begun
            answer = refusal if refusal is not None else self._served(job)
            job.connection.send(answer)
            with self._lock:
                job.connection.owed -= 1
                self._work_went.notify_all()

    def _begin(self) -> tuple[Job, bytes | None] | None:
        """Waits for work; None when there will be none any more."""
        with self._lock:
            while not self._stopped:
                job, refusal = self._intake.begin(time.monotonic())
                if job is not None:
                    return job, refusal
                self._work_came.wait()
        return None

    def _served(self, job: Job) -> bytes:
        handler: Callable[[Request], Any] = self._intake.handler_of(job)
        try:
            body = handler(job.request)
        except BaseException as error:  # a slot must outlive its handler
            with self._lock:
                return self._intake.failed(job, error, time.monotonic())
        with self._lock:
            return self._intake.served(job, body, time.monotonic())
