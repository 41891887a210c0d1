"""When a request is sent again, and after how long. Pure but for chance."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .errors import ConnectFailed, ConnectionLost, Draining, Overloaded, ServerLost


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double, up to a longest one, each drawn from its upper half so that clients come apart."""

    first: float = 0.05
    longest: float = 2.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, the first being 1."""
        most = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return random.uniform(most / 2, most)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often one request is sent, all in all, and the pauses in between."""

    attempts: int = 4
    backoff: Backoff = Backoff()

    def pause_after(self, error: Exception, attempts: int, retryable: bool) -> float | None:
        """Seconds until the request may be sent again after `attempts` have ended with `error`; None: not again.

        What has not been begun may be sent again in any case, what may have been done only if it is retryable.
        """
        if attempts >= self.attempts:
            return None
        if isinstance(error, Overloaded) and error.retry_after is not None:
            return error.retry_after * random.uniform(1.0, 1.5)
        unbegun = isinstance(error, (ConnectFailed, Draining, Overloaded))
        lost = isinstance(error, (ConnectionLost, ServerLost))
        return self.backoff.pause(attempts) if unbegun or (lost and retryable) else None
