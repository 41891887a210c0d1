"""Real programs for tests: they run on ports that the kernel chooses, and end with the test that started them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import IO, Callable

REPOSITORY = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("BIN", REPOSITORY / "build/bin")).resolve()
C_PROGRAMS = BIN.parent / "lib/tests"
PYTHON_ROOT = REPOSITORY / "proto/python"
PATIENCE_S = 20.0

_CONFIG = """
[proxy]
workers = 1
admin = ""

[work]
unit = "1ms"
types = {{ video = "V", picture = "P", music = "M" }}
{work}

[cost.video]
video = 1
picture = 1
music = 1

[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
{listener}

[pool.media]
{pool}
"""

_SERVER = """
[[server]]
name = "{name}"
pool = "media"
type = "video"
address = "{address}"
"""


class Program:
    """A child process and what it says."""

    def __init__(self, *command: object) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()
        paths = os.pathsep.join([str(PYTHON_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=self._file,
                                        stderr=self._file, env={**os.environ, "PYTHONPATH": paths})
        self.address = ""
        self.config = Path()
        """Of a proxy."""

    def said(self) -> str:
        size = os.fstat(self._file.fileno()).st_size
        return os.pread(self._file.fileno(), size, 0).decode(errors="replace")

    def says(self, pattern: str) -> re.Match[str]:
        """Waits until it has said something like that."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.said())
            if found:
                return found
            if ended:
                break
            time.sleep(0.02)
        raise AssertionError(f"waited in vain for {pattern!r}; {self.process.args} said:\n{self.said()}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code."""
        return self.process.wait(PATIENCE_S)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._file.close()


class ProgramTest(unittest.TestCase):
    """A test with real programs."""

    def start(self, *command: object) -> Program:
        program = Program(*command)
        self.addCleanup(program.end)
        return program

    def reference_server(self, *flags: object) -> Program:
        program = self.start(BIN / "finishline-server", "--type", "video", "--listen", "127.0.0.1:0", *flags)
        program.address = program.says(r"listening on (\S+)")[1]
        return program

    def worker(self, kind: str, *flags: object) -> Program:
        """`kind`: threads, asyncio or plain, or in C c-run or c-loop. What it does with which body stands in
        tests/worker.py."""
        in_c = kind.startswith("c-")
        command = [C_PROGRAMS / "worker"] if in_c else [sys.executable, PYTHON_ROOT / "tests/worker.py"]
        program = self.start(*command, kind.removeprefix("c-"), *flags)
        program.address = program.says(r"listening on (\S+)")[1]
        return program

    def proxy(self, servers: list[str], *, pool: str = "", listener: str = "", work: str = "",
              up: bool = True) -> Program:
        """A proxy before video servers, named server-0 and so on; `up`: waits until it has a link to each."""
        text = _CONFIG.format(work=work, pool=pool, listener=listener)
        for number, address in enumerate(servers):
            text += _SERVER.format(name=f"server-{number}", address=address)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "finishline.toml"
        path.write_text(text)
        program = self.start(BIN / "finishline", "run", "-c", path, "--log-level", "debug")
        program.address = program.says(r"listening listener=media address=(\S+)")[1]
        program.config = path
        if up:
            for number in range(len(servers)):
                program.says(rf"link_up[^\n]*server=server-{number}\b")
        return program

    def eventually(self, what: Callable[[], bool], words: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not what():
            if time.monotonic() > until:
                self.fail(f"waited in vain: {words}")
            time.sleep(0.02)


SIGHUP, SIGKILL, SIGTERM = signal.SIGHUP, signal.SIGKILL, signal.SIGTERM
