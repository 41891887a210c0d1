"""What a server says of itself when it is asked how it is: the body of a pong."""

from __future__ import annotations

import json
import os
import time

_WINDOW_S = 1.0


class Vitals:
    """CPU and memory of this process. CPU is of one core, between the last two questions that were a second apart."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._cpu_before = time.process_time()
        self._cpu_percent = 0.0

    def body(self, slots: int, backlog_s: float) -> bytes:
        told = {"cpu_percent": self._cpu(), "slots": slots, "backlog_us": round(backlog_s * 1e6), "cancel": True}
        memory = _resident_bytes()
        if memory is not None:
            told["memory_bytes"] = memory
        return json.dumps(told).encode()

    def _cpu(self) -> float:
        now, cpu = time.monotonic(), time.process_time()
        if now - self._since >= _WINDOW_S:
            self._cpu_percent = round(100 * (cpu - self._cpu_before) / (now - self._since), 1)
            self._since, self._cpu_before = now, cpu
        return self._cpu_percent


def _resident_bytes() -> int | None:
    """None where the kernel does not tell it in this way."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
