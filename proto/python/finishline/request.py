"""A request as the handler of a server sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass


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

    def time_left(self) -> float | None:
        """Seconds until the deadline, 0 when it has passed; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
