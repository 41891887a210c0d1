"""A request as the handler of a server sees it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    type: str
    """The name by which the handler was registered, or the letter."""
    length: int
    """The length tag: units of work."""
    body: bytes
    retryable: bool
    """Whether the work may be done twice, and perhaps is."""
    deadline: float | None
    """When the client gives up, on time.monotonic(); None: never."""

    _taken_back: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    @property
    def cancelled(self) -> bool:
        """Whether the client has taken it back: a handler may stop then, and raise Cancelled. A coroutine need not
        look: it is cancelled."""
        return self._taken_back.is_set()

    def take_back(self) -> None:
        """Called by the server."""
        self._taken_back.set()

    def time_left(self) -> float | None:
        """Seconds until the deadline, 0 when it has passed; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
