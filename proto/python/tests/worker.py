"""A worker for tests: worker.py threads|asyncio|plain [--slots N] [--max-slots N] [--unit SECONDS] [--max-waiting N] [--max-body BYTES].

It gives the body back, or the length as four bytes where there is none, after length × unit. A body "raise NAME"
raises that exception of the package, "raise" another one. "plain": an AsyncServer with a plain function.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time

import finishline


def result_of(request: finishline.Request) -> bytes:
    if request.body == b"raise":
        raise RuntimeError("as the test asked")
    if request.body == b"raise Overloaded":
        raise finishline.Overloaded(retry_after=0.05)
    if request.body.startswith(b"raise "):
        raise getattr(finishline, request.body[6:].decode())()
    return request.body or request.length.to_bytes(4, "big")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["threads", "asyncio", "plain"])
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--max-slots", type=int)
    parser.add_argument("--unit", type=float, default=0.0)
    parser.add_argument("--max-waiting", type=int, default=1024)
    parser.add_argument("--max-body", type=int, default=1 << 20)
    flags = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    kind = finishline.Server if flags.kind == "threads" else finishline.AsyncServer
    server = kind(slots=flags.slots, max_slots=flags.max_slots,
                  limits=finishline.Limits(max_body=flags.max_body, max_waiting=flags.max_waiting))

    def work(request: finishline.Request) -> bytes:
        until = time.monotonic() + request.length * flags.unit
        while (left := until - time.monotonic()) > 0:
            if request.cancelled:
                raise finishline.Cancelled()
            time.sleep(min(left, 0.01))
        return result_of(request)

    async def work_beside_others(request: finishline.Request) -> bytes:
        await asyncio.sleep(request.length * flags.unit)
        return result_of(request)

    server.handles("video", "picture", "music")(work_beside_others if flags.kind == "asyncio" else work)
    return 0 if server.run() else 1


if __name__ == "__main__":
    raise SystemExit(main())
