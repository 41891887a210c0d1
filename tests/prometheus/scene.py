"""A proxy with three servers and clients, and a real Prometheus that scrapes it: all on ports that the kernel chooses."""

from __future__ import annotations

import atexit
import json
import shutil
import signal
import socket
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "proto/python"))
from tests.programs import BIN, Program, ProgramTest  # noqa: E402

RULES = REPOSITORY / "lb/examples/prometheus"

CONFIG = """
[proxy]
workers = 2
max_connections = 1000
admin = "127.0.0.1:0"
[log]
access = "{folder}/access.log"
access_share = 1
[work]
unit = "1ms"
types = {{ video = "V", picture = "P", music = "M" }}

[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
[[listener]]
name = "mini"
bind = "127.0.0.1:0"
mode = "mini"
pool = "media"
[[listener]]
name = "wire"
bind = "127.0.0.1:0"
mode = "stream"
pool = "wire"

[pool.media]
learn = "watch"
check_interval = "200ms"
[pool.wire]

[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "{video_1}"
[[server]]
name = "video-2"
pool = "media"
type = "video"
address = "{video_2}"
[[server]]
name = "music-1"
pool = "media"
type = "music"
address = "{music_1}"
[[server]]
name = "wire-1"
pool = "wire"
address = "{music_1}"
"""


class Prometheus:
    """Its HTTP API."""

    def __init__(self, address: str) -> None:
        self._root = f"http://{address}/api/v1/"

    def get(self, path: str, **parameters: str | float) -> Any:
        """What it answers; AssertionError with its own words where it finds fault with the question."""
        try:
            with urllib.request.urlopen(self._root + path + "?" + urllib.parse.urlencode(parameters), timeout=10) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters or path}: {error.read().decode()}") from error

    def values(self, label: str, metric: str = "") -> list[str]:
        return self.get(f"label/{label}/values", **({"match[]": metric} if metric else {}))


class SceneTest(ProgramTest):
    """Sets up once for all tests of the class, and takes all down also when it is interrupted."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.scene = cls("play")
        cls.addClassCleanup(cls.scene.doCleanups)
        atexit.register(cls.scene.doCleanups)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        cls.scene.play()

    def play(self) -> None:
        self.folder = Path(self.temporary_folder())
        self.servers = {name: self.server(name, *flags) for name, flags in {
            "video-1": (), "video-2": ("--fail-every", 30, "--refuse-every", 20), "music-1": ()}.items()}
        addresses = {name.replace("-", "_"): server.address for name, server in self.servers.items()}
        config = self.folder / "finishline.toml"
        config.write_text(CONFIG.format(folder=self.folder, **addresses))
        proxy = self.start(BIN / "finishline", "run", "-c", config)
        media, self.mini, wire = (proxy.says(rf"listening listener={name} address=(\S+)")[1]
                                  for name in ("media", "mini", "wire"))
        self.admin = proxy.says(r"admin_listening address=(\S+)")[1]
        self.prometheus = Prometheus(self.start_prometheus())
        self.client(media, "--rate", 100, "--concurrency", 8)
        self.client(media, "--rate", 10, "--concurrency", 2, "--reconnect")
        self.client(wire, "--rate", 10, "--concurrency", 2, "--reconnect")

    def temporary_folder(self) -> str:
        folder = tempfile.mkdtemp(prefix="finishline-prometheus.")
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def server(self, name: str, *flags: object) -> Program:
        server = self.start(BIN / "finishline-server", "--type", name.split("-")[0], "--unit", "1ms",
                            "--listen", "127.0.0.1:0", *flags)
        server.address = server.says(r"listening on (\S+)")[1]
        return server

    def client(self, address: str, *flags: object) -> Program:
        return self.start(BIN / "finishline-client", "--connect", address, "--duration", "10m", "--no-progress",
                          "--servers", "video=2,music=1", *flags)

    def ask_for_no_known_type(self) -> None:
        host, port = self.mini.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as stream:
            stream.sendall(b"X3")
            stream.recv(2)

    def start_prometheus(self) -> str:
        """With the sample configuration and its rules, but our proxy, and every second. Its address."""
        shutil.copy(RULES / "finishline.rules.yml", self.folder)
        sample = (RULES / "prometheus.yml").read_text()
        (self.folder / "prometheus.yml").write_text(sample.replace("127.0.0.1:9900", self.admin).replace("10s", "1s"))
        program = self.start("prometheus", f"--config.file={self.folder}/prometheus.yml",
                             f"--storage.tsdb.path={self.folder}/data", "--web.listen-address=127.0.0.1:0")
        program.says("Server is ready to receive web requests")
        return program.says(r'msg="Listening on" address=(127\.0\.0\.1:\d+)')[1]
