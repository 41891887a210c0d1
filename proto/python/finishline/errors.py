"""What can go wrong, as exceptions. All derive from FinishlineError.

A RequestFailed is a status of the protocol. A client raises it; a handler of a server may raise it too, and
the status is the reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .call import Reply


class FinishlineError(Exception):
    """Every error of this package."""


class ProtocolError(FinishlineError):
    """The other side sent bytes that make no sense. The connection is closed."""


class ConnectFailed(FinishlineError, ConnectionError):
    """No connection could be made. The request has not been sent."""


class ConnectionLost(FinishlineError, ConnectionError):
    """The connection ended with the request open. Its work may have been done."""


class TimedOut(FinishlineError, TimeoutError):
    """No answer within the client's `timeout`. The work may have been done."""


class ClientClosed(FinishlineError):
    """close() was called: this client takes no request, and answers none that was open."""


def _last_words(reply: Reply | None) -> str:
    """The last line of what the other side has said of it, as a command's standard error, fit for a message."""
    lines = [] if reply is None else reply.body[-2000:].decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return ": " + "".join(c if c.isprintable() else "?" for c in said[-1][:200]) if said else ""


class RequestFailed(FinishlineError):
    """The reply says that the request was not served. `status` is the number on the wire."""

    status: int = 0
    number: ClassVar[int] = 0
    words: ClassVar[str] = "the request failed"
    unbegun: ClassVar[bool] = False
    """Whether the status says that the work was not begun."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None,
                 reply: Reply | None = None) -> None:
        super().__init__(message or self.words + _last_words(reply))
        self.status = self.number if reply is None else reply.status
        self.retry_after = retry_after
        """Seconds until the request may come again, where the other side said so."""
        self.reply = reply


class BadFrameReply(RequestFailed):
    number, words, unbegun = 1, "bad_frame: the other side could not read the request", True


class UnknownType(RequestFailed):
    number, words, unbegun = 2, "unknown_type: no such type code, or a server that cannot do it", True


class TooLarge(RequestFailed):
    number, words, unbegun = 3, "too_large: the body or the length is over the limit of the other side", True


class NoServer(RequestFailed):
    number, words, unbegun = 4, "no_server: no server that can do this type is up", True


class ServerLost(RequestFailed):
    number, words = 5, "server_lost: the server went away with the request, which may have been done"


class DeadlineExceeded(RequestFailed, TimeoutError):
    number, words = 6, "deadline_exceeded: the deadline passed first; the work may have been done"


class Overloaded(RequestFailed):
    number, words, unbegun = 7, "overloaded: refused by a limit", True


class Draining(RequestFailed):
    number, words, unbegun = 8, "draining: the receiver is about to stop", True


class ServerFailed(RequestFailed):
    number, words = 9, "server_error: the server said that it failed"


class Cancelled(RequestFailed):
    number, words = 10, "cancelled: nobody wants it any more"


_BY_STATUS: dict[int, type[RequestFailed]] = {
    kind.number: kind
    for kind in (BadFrameReply, UnknownType, TooLarge, NoServer, ServerLost, DeadlineExceeded, Overloaded, Draining,
                 ServerFailed, Cancelled)
}


def failure_of(reply: Reply) -> RequestFailed:
    """The exception for a reply that is not ok; a plain RequestFailed for a status that nobody knows."""
    kind = _BY_STATUS.get(reply.status)
    if kind is None:
        return RequestFailed(f"unknown status {reply.status}", reply=reply)
    retry_after = reply.service_s if kind is Overloaded and reply.service_s > 0 else None
    message = f"{kind.words}; it may come again in {retry_after:.3f} s" if retry_after else None
    return kind(message, retry_after=retry_after, reply=reply)
