"""Plain functions beside an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Callable, TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


async def in_thread(function: Callable[[Argument], Result], argument: Argument) -> Result:
    """What the function returns or raises. Its thread outlives nobody: it does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)  # type: ignore[arg-type]
        else:
            outcome.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = function(argument)
        except BaseException as raised:  # also SystemExit: it is the request's, not the server's
            error = raised if isinstance(raised, Exception) else RuntimeError(f"{type(raised).__name__}: {raised}")
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            pass  # the loop has ended meanwhile

    threading.Thread(target=run, name="slot", daemon=True).start()
    return await outcome
