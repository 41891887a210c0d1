"""What a server has accepted and not finished, and how long that will take. Pure: time comes in as an argument."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Callable

from .frame import Header
from .request import Request

_LEARN = 0.2  # the weight of the latest measurement
_BYTES_PER_REQUEST = 256  # what a waiting request holds besides its body, roughly


@dataclass(slots=True, eq=False)
class Job:
    """One request on its way through a server. `connection` is whoever gets the reply."""

    request: Request
    asked: Header
    connection: Any
    begun_at: float = 0.0
    expected: float = 0.0
    """Seconds that it was thought to take when it began."""
    stop: Callable[[], object] | None = None
    """Ends its handler, where that can be."""

    @property
    def units(self) -> int:
        return max(1, self.asked.length)

    @property
    def held_bytes(self) -> int:
        return len(self.request.body) + _BYTES_PER_REQUEST


class Workload:
    """First come, first served. How long a unit of a type takes is learned from what has been done."""

    def __init__(self, max_waiting: int, max_waiting_bytes: int) -> None:
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting: deque[Job] = deque()
        self._waiting_bytes = 0
        self._waiting_units: dict[int, int] = {}
        self._running: set[Job] = set()
        self._seconds_per_unit: dict[int, float] = {}

    def __len__(self) -> int:
        """Requests that wait or are worked on."""
        return len(self._waiting) + len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return len(self._running)

    def put(self, job: Job) -> bool:
        """Takes a request that is to wait for its turn; false: there is no room."""
        if len(self._waiting) >= self._max_waiting or self._waiting_bytes + job.held_bytes > self._max_waiting_bytes:
            return False
        self._waiting.append(job)
        self._count(job, 1)
        return True

    def begin(self, now: float) -> Job | None:
        """The next one to work on; finish() must follow. None: nothing waits."""
        if not self._waiting:
            return None
        job = self._waiting.popleft()
        self._count(job, -1)
        job.begun_at = now
        job.expected = job.units * self._seconds_per_unit.get(job.asked.type, 0.0)
        self._running.add(job)
        return job

    def finish(self, job: Job, now: float, *, served: bool) -> float:
        """Returns how long it took, in seconds. Only what was served teaches."""
        self._running.discard(job)
        took = max(0.0, now - job.begun_at)
        if served:
            before = self._seconds_per_unit.get(job.asked.type)
            latest = took / job.units
            self._seconds_per_unit[job.asked.type] = latest if before is None else before + _LEARN * (latest - before)
        return took

    def withdraw(self, connection: object) -> int:
        """Nobody waits any more for what this connection has asked and nobody has begun. Returns how much that was."""
        gone = [job for job in self._waiting if job.connection is connection]
        for job in gone:
            self._count(job, -1)
        if gone:
            self._waiting = deque(job for job in self._waiting if job.connection is not connection)
        return len(gone)

    def cancel(self, connection: object, number: int) -> Job | None:
        """Takes back what this connection has asked under this id. Returns it if it had not begun; else its handler is
        told."""
        for job in self._waiting:
            if job.connection is connection and job.asked.id == number:
                self._waiting.remove(job)
                self._count(job, -1)
                return job
        for job in self._running:
            if job.connection is connection and job.asked.id == number:
                job.request.take_back()
                if job.stop is not None:
                    job.stop()
        return None

    def backlog(self, now: float) -> float:
        """Seconds of work that is accepted and not finished, summed over all slots; 0 as long as nothing is known."""
        waiting = sum(units * self._seconds_per_unit.get(code, 0.0) for code, units in self._waiting_units.items())
        return waiting + sum(max(0.0, job.expected - (now - job.begun_at)) for job in self._running)

    def _count(self, job: Job, sign: int) -> None:
        self._waiting_bytes += sign * job.held_bytes
        self._waiting_units[job.asked.type] = self._waiting_units.get(job.asked.type, 0) + sign * job.units
