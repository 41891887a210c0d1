"""What the examples in these folders share: servers and a proxy on free ports, and the makespan of their jobs.

Needs finishline and finishline-server in PATH, or in the folder that $BIN names.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "proto" / "python"))

import finishline  # noqa: E402


class Stage:
    """The servers and the proxy of a configuration; gone at the end of a `with` block."""

    def __init__(self, config: pathlib.Path, flags: dict[str, list[str]], policy: str) -> None:
        """`flags`: of finishline-server, by the server's name."""
        self._text = config.read_text()
        self._config = tomllib.loads(self._text)
        self._flags = flags
        self._policy = policy
        self._processes: list[subprocess.Popen[str]] = []
        self._folder = tempfile.TemporaryDirectory()
        self.types: dict[str, str] = self._config["work"]["types"]
        self.address = ""

    def __enter__(self) -> Stage:
        try:
            self._start_servers()
            self._start_proxy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait()
        self._folder.cleanup()

    def _start(self, program: str, arguments: list[str], log: str) -> subprocess.Popen[str]:
        folder = os.environ.get("BIN")
        path = shutil.which(program, path=folder) if folder else shutil.which(program)
        if path is None:
            sys.exit(f"there is no {program} in PATH, nor does BIN name its folder")
        with open(self._file(log), "w") as errors:
            process = subprocess.Popen([path, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True)
        self._processes.append(process)
        return process

    def _file(self, name: str) -> str:
        return os.path.join(self._folder.name, name)

    def _start_servers(self) -> None:
        costs = self._file("costs.toml")
        pathlib.Path(costs).write_text(self._text)
        for server in self._config["server"]:
            process = self._start("finishline-server", ["--type", server["type"], "--cost", costs, "--listen",
                                                        "127.0.0.1:0", *self._flags[server["name"]]],
                                  server["name"])
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                sys.exit(f"{server['name']} does not start: {pathlib.Path(self._file(server['name'])).read_text()}")
            self._text = self._text.replace(server["address"], line.split()[-1])

    def _start_proxy(self) -> None:
        text = re.sub(r'^bind = .*', 'bind = "127.0.0.1:0"', self._text, flags=re.MULTILINE)
        text = re.sub(r'^admin = .*', "", text, flags=re.MULTILINE)
        text = re.sub(r'^policy = .*', f'policy = "{self._policy}"', text, flags=re.MULTILINE)
        config = self._file("proxy.toml")
        pathlib.Path(config).write_text(text)
        self._start("finishline", ["run", "-c", config], "proxy")
        listening = self._wait_for(r"listening listener=\S+ address=(\S+)", 1)
        self._wait_for(r" link_up ", len(self._config["server"]))
        self.address = listening[0]

    def _wait_for(self, pattern: str, times: int) -> list[str]:
        for _ in range(500):
            found = re.findall(pattern, pathlib.Path(self._file("proxy")).read_text())
            if len(found) >= times:
                return found
            time.sleep(0.02)
        sys.exit("the proxy does not start:\n" + pathlib.Path(self._file("proxy")).read_text())


class Outcome:
    """What a batch of jobs took."""

    def __init__(self, replies: list[finishline.Reply], makespan: float, slots: int) -> None:
        self.replies = replies
        self.makespan = makespan
        worked = [reply.service_s for reply in replies]
        # Nobody can be faster who works as long on each job: all slots end together, or with the longest job.
        self.bound = max(sum(worked) / slots, max(worked))

    def line(self, name: str) -> str:
        return f"{name:12} {self.makespan:7.2f} s  bound {self.bound:7.2f} s  ratio {self.makespan / self.bound:5.3f}"


def run_batch(stage: Stage, calls: list[finishline.Call], slots: int) -> Outcome:
    """All jobs at once; the first that fails ends the program."""
    with finishline.Client(stage.address, types=stage.types, timeout=600) as client:
        client.ping()
        started = time.monotonic()
        replies = client.call_many(calls, window=len(calls))
        return Outcome(replies, time.monotonic() - started, slots)
