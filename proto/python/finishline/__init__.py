"""Workers behind a Finishline proxy, and clients before it."""

from .aio_client import AsyncClient
from .aio_server import AsyncServer
from .call import Call, Reply
from .client import Client
from .errors import (BadFrameReply, Cancelled, ClientClosed, ConnectFailed, ConnectionLost, DeadlineExceeded, Draining,
                     FinishlineError, NoServer, Overloaded, ProtocolError, RequestFailed, ServerFailed, ServerLost,
                     TimedOut, TooLarge, UnknownType)
from .frame import Status
from .intake import Limits
from .names import SEED_TYPES
from .request import Request
from .retry import Backoff, Retry
from .serve import serve
from .server import Server

__all__ = [
    "AsyncClient", "AsyncServer", "BadFrameReply", "Backoff", "Call", "Cancelled", "Client", "ClientClosed",
    "ConnectFailed", "ConnectionLost", "DeadlineExceeded", "Draining", "FinishlineError", "Limits", "NoServer",
    "Overloaded", "ProtocolError", "Reply", "Request", "RequestFailed", "Retry", "SEED_TYPES", "Server",
    "ServerFailed", "ServerLost", "Status", "TimedOut", "TooLarge", "UnknownType", "serve",
]
