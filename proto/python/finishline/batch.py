"""The loop of a blocking client: many requests over one connection, until each has its result."""

from __future__ import annotations

import heapq
import itertools
import math
import selectors
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Sequence

from .attempt import Attempts
from .call import Call, Reply
from .errors import ClientClosed, ConnectFailed, ConnectionLost, FinishlineError, ProtocolError
from .frame import Frame
from .link import CANCEL_PATIENCE_S, Ticket
from .retry import Retry
from .wire import Wire, Wires


@dataclass(slots=True, eq=False)
class Job:
    """One request of the batch."""

    place: int
    attempts: Attempts
    wire: Wire[Job] | None = None
    ticket: Ticket | None = None
    begins: int = 0
    timed: bool = field(default=False)
    """Its time limit stands among the timers."""


class Batch:
    """Sends at most `window` requests at a time; run() returns their results in their order."""

    def __init__(self, wires: Wires[Job], calls: Sequence[tuple[Call, int]], window: int, timeout: float | None,
                 retry: Retry) -> None:
        self._wires = wires
        self._calls = deque(enumerate(calls))
        self._window = window
        self._timeout = timeout
        self._retry = retry
        self._results: dict[int, Reply | FinishlineError] = {}
        self._count = len(calls)
        self._again: deque[Job] = deque()
        self._open: set[Job] = set()
        self._timers: list[tuple[float, int, Job, bool]] = []  # (when, order, job, whether it is its limit)
        self._order = itertools.count()
        self._hopeless: ConnectFailed | None = None
        self._taken_back = False

    def run(self) -> list[Reply | FinishlineError]:
        self._wires.refresh()
        try:
            while len(self._results) < self._count and not self._wires.stopped:
                self._fire_timers(time.monotonic())
                self._send()
                if len(self._results) < self._count:
                    self._exchange()
        finally:
            for job in list(self._open):
                self._take_back(job)
            if self._taken_back:
                self._wires.say_cancels(time.monotonic() + CANCEL_PATIENCE_S)
        closed = ClientClosed("the client was closed with the request open; it may have been done")
        return [self._results.get(place, closed) for place in range(self._count)]

    # --- towards the other side ----------------------------------------------------------------------

    def _send(self) -> None:
        written: dict[int, Wire[Job]] = {}
        while len(self._open) < self._window and (job := self._next()) is not None:
            wire = self._wire_for(job)
            if wire is not None and self._ask(job, wire):
                written[id(wire)] = wire
        for wire in written.values():
            self._guarded(wire, wire.flush)

    def _next(self) -> Job | None:
        if self._again:
            return self._again.popleft()
        if not self._calls:
            return None
        place, (call, code) = self._calls.popleft()
        return Job(place, Attempts(call, code, time.monotonic(), self._timeout))

    def _wire_for(self, job: Job) -> Wire[Job] | None:
        """A connection; without one the job has its result."""
        try:
            if self._hopeless is not None:
                raise self._hopeless
            return self._wires.take(job.attempts.limit)
        except ConnectFailed as error:
            if time.monotonic() < job.attempts.limit:
                self._hopeless = error
            self._finish(job, error)
            return None

    def _ask(self, job: Job, wire: Wire[Job]) -> bool:
        try:
            header = job.attempts.next_header(time.monotonic())
        except FinishlineError as error:
            self._finish(job, error)
            return False
        job.wire = wire
        job.ticket, job.begins = wire.ask(header, job.attempts.call.body, job)
        self._open.add(job)
        if not job.timed and job.attempts.limit < math.inf:
            job.timed = True
            self._at(job.attempts.limit, job, True)
        return True

    # --- from the other side -------------------------------------------------------------------------

    def _exchange(self) -> None:
        until = self._timers[0][0] if self._timers else math.inf
        for wire, events in self._wires.wait(until):
            if events & selectors.EVENT_WRITE and not self._guarded(wire, wire.flush):
                continue
            if events & selectors.EVENT_READ:
                self._guarded(wire, lambda wire=wire: self._read(wire))

    def _read(self, wire: Wire[Job]) -> None:
        for job, frame in wire.read():
            self._answered(job, frame)
        if wire.link.going:
            self._wires.retire(wire)

    def _guarded(self, wire: Wire[Job], step) -> bool:
        """Does the step; when it loses the connection, what was open on it goes on or ends."""
        try:
            step()
            return True
        except (OSError, ProtocolError) as error:
            for job in self._wires.drop(wire):
                begun = wire.has_begun(job.begins)
                self._lost(job, error if isinstance(error, (ProtocolError, ConnectionLost)) else
                           ConnectionLost(f"{error}; the request was open and may have been done"), begun)
            return False

    def _answered(self, job: Job, frame: Frame) -> None:
        self._open.discard(job)
        outcome = job.attempts.outcome(frame)
        if isinstance(outcome, Reply):
            self._results[job.place] = outcome
        else:
            self._failed(job, outcome)

    def _lost(self, job: Job, error: FinishlineError, begun: bool) -> None:
        self._open.discard(job)
        if isinstance(error, ProtocolError):
            self._finish(job, error)
        elif begun:
            self._failed(job, error)
        else:
            self._failed(job, ConnectFailed(f"the request has not been sent: {error}"))

    # --- how a job ends, or does not -----------------------------------------------------------------

    def _failed(self, job: Job, error: FinishlineError) -> None:
        now = time.monotonic()
        pause = job.attempts.pause_after(error, now, self._retry)
        if pause is None:
            self._finish(job, error)
        else:
            self._at(now + pause, job, False)

    def _finish(self, job: Job, error: FinishlineError) -> None:
        self._results.setdefault(job.place, error)

    def _at(self, when: float, job: Job, is_limit: bool) -> None:
        heapq.heappush(self._timers, (when, next(self._order), job, is_limit))

    def _fire_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, _, job, is_limit = heapq.heappop(self._timers)
            if job.place in self._results:
                continue
            if is_limit:
                self._take_back(job)
                self._finish(job, job.attempts.out_of_time())
            else:
                self._again.append(job)

    def _take_back(self, job: Job) -> None:
        self._open.discard(job)
        if job.wire is not None and job.ticket is not None:
            job.wire.cancel(job.ticket)
            self._taken_back = True
