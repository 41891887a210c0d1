"""What a client asks, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass

from .frame import MAX_U32, Frame, Status


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Raises ValueError where a field makes no sense."""

    type: str
    """A name of the client's `types`, or the letter itself."""
    length: int = 1
    """The length tag: units of work."""
    body: bytes = b""
    deadline: float | None = None
    """Seconds it may take, counted by the receiver; None: no deadline."""
    retryable: bool = False
    """Whether the work may be done twice. Only then is it sent again when a server or a connection is lost."""
    priority: int = 0
    """The class, 0 to 3, the most urgent. A proxy that knows no classes takes any but 0 for a bad frame."""

    def __post_init__(self) -> None:
        if not 0 <= self.length <= MAX_U32:
            raise ValueError(f"the length is {self.length}; it is a number from 0 to {MAX_U32}")
        if self.deadline is not None and not 0 < self.deadline <= MAX_U32 / 1000:
            raise ValueError(f"the deadline is {self.deadline} s; it is above 0 and below 50 days, or None")
        if self.priority not in range(4):
            raise ValueError(f"the priority is {self.priority}; it is a class from 0 to 3, the most urgent")
        if len(self.body) > MAX_U32:
            raise ValueError(f"a body of {len(self.body)} bytes does not fit into a frame")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request."""

    status: int
    """0 for ok; see frame.Status."""
    body: bytes
    service_s: float
    """Seconds that the server worked on it; with status overloaded: until the request may come again, 0 = unknown."""
    origin: int
    """From a proxy: the number of the server that did it. From a server: its remaining backlog in µs."""
    attempts: int = 1
    """How often the request has been sent."""

    @property
    def ok(self) -> bool:
        return self.status == Status.OK

    @property
    def status_name(self) -> str:
        """As in PROTOCOL.md; "unknown" for a number outside its list."""
        try:
            return Status(self.status).name.lower()
        except ValueError:
            return "unknown"


def reply_of(frame: Frame, attempts: int) -> Reply:
    header = frame.header
    return Reply(header.detail, frame.body, header.service_us / 1e6, header.origin, attempts)
