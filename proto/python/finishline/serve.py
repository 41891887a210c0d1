"""A server in one call."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Mapping, Sequence

from .aio_server import AsyncServer
from .intake import Limits
from .names import SEED_TYPES, Address
from .request import Request
from .server import Server


def serve(handler: Callable[[Request], Any], *, types: Sequence[str] | Mapping[str, str], slots: int = 2,
          max_slots: int | None = None, address: Address = "127.0.0.1:0", limits: Limits = Limits()) -> bool:
    """Serves `types` with one handler until SIGTERM, in threads, or on an event loop if it is a coroutine function.

    `types`: names of the sample configuration or letters; or names with their letters, {"ocr": "O"}. Returns
    whether all work that was accepted has been finished. `slots` and `max_slots` are as of Server. Raises
    ValueError, OSError.
    """
    names = types if isinstance(types, Mapping) else SEED_TYPES
    kind = AsyncServer if inspect.iscoroutinefunction(handler) else Server
    server = kind(address, slots=slots, max_slots=max_slots, types=names, limits=limits)
    server.handles(*types)(handler)
    return server.run()
