"""Everybody with everybody: each client before each server, directly and through the proxy."""

from __future__ import annotations

import shutil
import unittest
from typing import Callable

import finishline
from finishline import Call

from .peers import CLIENTS
from .programs import BIN, C_PROGRAMS, REPOSITORY, ProgramTest

SIZES = (1, 31, 32, 33, 1000, 65535, 65536)
TYPES = ("video", "picture", "music")


def calls() -> list[Call]:
    return [Call(TYPES[n % 3], n % 10, (b"%d," % n * 65536)[:SIZES[n % len(SIZES)]], 20.0 if n % 2 else None, n % 4 < 2)
            for n in range(210)]


class Matrix(ProgramTest):
    def reference_client(self, address: str) -> None:
        program = self.start(BIN / "finishline-client", "--connect", address, "--requests", 300, "--concurrency", 4,
                             "--pipeline", 4, "--body", 4000, "--no-progress")
        self.assertEqual(program.wait(), 0, program.said())

    def node_client(self, address: str) -> None:
        node = shutil.which("node")
        if node is None:
            self.skipTest("there is no node")
        program = self.start(node, REPOSITORY / "proto/node/test/interop.js", address)
        self.assertEqual(program.wait(), 0, program.said())

    def c_client(self, kind: str, address: str) -> None:
        program = self.start(C_PROGRAMS / "interop_client", kind, address)
        self.assertEqual(program.wait(), 0, program.said())

    def package_client(self, kind: str, address: str) -> None:
        client = CLIENTS[kind](address, timeout=20.0)
        self.addCleanup(client.close)
        replies: list[finishline.Reply] = client.call_many(calls(), window=32)
        self.assertEqual([reply.body for reply in replies], [call.body for call in calls()])
        self.assertGreater(client.ping(), 0)

    def all_servers(self, client: Callable[[str], None]) -> None:
        servers = {"finishline-server": self.reference_server("--unit", "100us", "--slots", 2)}
        for kind in ("threads", "asyncio", "c-run", "c-loop"):
            servers[kind] = self.worker(kind, "--unit", 0.0001)
        if node := shutil.which("node"):
            servers["node"] = self.start(node, REPOSITORY / "proto/node/test/worker.js", "127.0.0.1:0", 0.1)
            servers["node"].address = servers["node"].says(r"listening on (\S+)")[1]
        for name, server in servers.items():
            with self.subTest(server=name, route="directly"):
                client(server.address)
            with self.subTest(server=name, route="through the proxy"):
                client(self.proxy([server.address]).address)
        with self.subTest(server="one of each", route="through the proxy"):
            client(self.proxy([server.address for server in servers.values()]).address)

    def test_finishline_client(self) -> None:
        self.all_servers(self.reference_client)

    def test_the_blocking_client(self) -> None:
        self.all_servers(lambda address: self.package_client("blocking", address))

    def test_the_asyncio_client(self) -> None:
        self.all_servers(lambda address: self.package_client("asyncio", address))

    def test_the_node_client(self) -> None:
        self.all_servers(self.node_client)

    def test_the_c_client_that_waits(self) -> None:
        self.all_servers(lambda address: self.c_client("waiting", address))

    def test_the_c_client_in_an_event_loop(self) -> None:
        self.all_servers(lambda address: self.c_client("loop", address))


if __name__ == "__main__":
    unittest.main()
