"""The trip of one request through its attempts: time limits, retries. Pure: time comes in as an argument."""

from __future__ import annotations

import math

from .call import Call, Reply, reply_of
from .errors import ConnectFailed, DeadlineExceeded, FinishlineError, TimedOut, failure_of
from .frame import RETRYABLE, Frame, Header, Kind
from .retry import Retry

GRACE = 1.0
"""Seconds that the other side has, behind a deadline, to say that it has passed."""


class Attempts:
    """All attempts of one request. Belongs to a client."""

    def __init__(self, call: Call, code: int, now: float, timeout: float | None) -> None:
        self.call = call
        self.made = 0
        self._code = code
        self._started = now
        limits = [math.inf]
        if timeout is not None:
            limits.append(now + timeout)
        if call.deadline is not None:
            limits.append(now + call.deadline + GRACE)
        self.limit = min(limits)
        """When the client gives up, on its clock."""

    def next_header(self, now: float) -> Header:
        """Begins an attempt. Its deadline is what is left of the request's. Raises DeadlineExceeded, or ConnectFailed
        where nothing has been sent."""
        detail = 0
        if self.call.deadline is not None:
            left = self._started + self.call.deadline - now
            if left <= 0 and self.made == 0:
                raise ConnectFailed("there was no connection before the deadline: the request has not been sent")
            if left <= 0:
                raise DeadlineExceeded("deadline_exceeded: before the request could be sent again")
            detail = max(1, math.ceil(left * 1000))
        self.made += 1
        flags = (RETRYABLE if self.call.retryable else 0) | self.call.priority << 1
        return Header(Kind.REQUEST, self._code, flags, 0, self.call.length, detail)

    def outcome(self, frame: Frame) -> Reply | FinishlineError:
        """What the answer to the attempt says."""
        reply = reply_of(frame, self.made)
        return reply if reply.ok else failure_of(reply)

    def pause_after(self, error: FinishlineError, now: float, retry: Retry) -> float | None:
        """Seconds until the next attempt may begin; None: `error` is the result."""
        pause = retry.pause_after(error, max(1, self.made), self.call.retryable)
        return None if pause is None or now + pause >= self.limit else pause

    def out_of_time(self, why: str = "") -> FinishlineError:
        """What the request ends with when `limit` has passed. `why` there is no connection, where there is none."""
        if self.made == 0:
            return ConnectFailed(why or "no connection took the request in time")
        if self.call.deadline is not None and self.limit >= self._started + self.call.deadline:
            return DeadlineExceeded()
        return TimedOut(f"no answer within {self.limit - self._started:.3g} s; the work may have been done")
