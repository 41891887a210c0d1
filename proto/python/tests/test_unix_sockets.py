"""Servers and clients at Unix sockets: the file comes and goes with the server."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
import unittest

import finishline


class UnixSockets(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "x.sock")
        self.address = f"unix:{self.path}"

    def server(self) -> finishline.Server:
        server = finishline.Server(self.address)
        server.handles("video")(lambda request: request.body.upper())
        return server

    def test_requests_go_over_the_file_which_goes_with_the_server(self) -> None:
        server = self.server()
        self.assertEqual(server.start(), self.address)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
        with finishline.Client(self.address) as client:
            self.assertEqual(client.call("video", body=b"cat").body, b"CAT")
            self.assertGreaterEqual(client.ping(), 0)
        server.drain()
        self.assertFalse(os.path.exists(self.path))

    def test_the_same_with_asyncio(self) -> None:
        async def run() -> bytes:
            server = finishline.AsyncServer(self.address)

            @server.handles("video")
            async def video(request: finishline.Request) -> bytes:
                return request.body[::-1]

            async with server, finishline.AsyncClient(self.address) as client:
                return (await client.call("video", body=b"dog")).body

        self.assertEqual(asyncio.run(run()), b"god")
        self.assertFalse(os.path.exists(self.path))

    def test_what_a_dead_one_left_is_replaced_and_a_living_one_is_not(self) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path)
        living = self.server()
        living.start()
        self.addCleanup(living.stop)
        with self.assertRaises(OSError):
            self.server().start()
        with finishline.Client(self.address) as client:
            self.assertEqual(client.call("video", body=b"still").body, b"STILL")

    def test_a_path_that_no_socket_can_have_is_refused_at_once(self) -> None:
        for path in ("x.sock", "/run/", "/" + "x" * 107):
            with self.assertRaises(ValueError):
                finishline.Client(f"unix:{path}")
            with self.assertRaises(ValueError):
                finishline.Server(f"unix:{path}")


if __name__ == "__main__":
    unittest.main()
