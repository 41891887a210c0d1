"""The asyncio client, beside what holds for every client: calls that are cancelled, and many at the same time."""

from __future__ import annotations

import asyncio
import socket
import unittest

import finishline
from finishline import errors
from finishline.frame import Header, Kind, encode

from .peers import PeerTest, read_frame, reply_to
from .test_clients import ClientRules


class AsyncioClient(ClientRules, PeerTest):
    kind = "asyncio"

    def test_a_cancelled_call_is_forgotten_and_the_others_go_on(self) -> None:
        def script(sock: socket.socket) -> None:
            first, _ = read_frame(sock)
            asks, _ = read_frame(sock)
            self.assertEqual((asks.kind, asks.length), (Kind.PING, 1))
            second, body = read_frame(sock)
            sock.sendall(reply_to(first, b"late") + reply_to(second, body))

        async def run(address: str) -> bytes:
            async with finishline.AsyncClient(address) as client:
                first = asyncio.create_task(client.call("V"))
                await asyncio.sleep(0.1)
                first.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await first
                return (await client.call("V", 1, b"second")).body

        self.assertEqual(asyncio.run(run(self.scripted(script))), b"second")

    def cancelled_at(self, pong: bytes) -> list[tuple[int, int]]:
        """Kinds and ids that a server hears of two calls that are cancelled, which answers its ping so, and of one that
        is not."""
        heard: list[tuple[int, int]] = []

        def script(sock: socket.socket) -> None:
            while True:
                header, body = read_frame(sock)
                heard.append((header.kind, header.id))
                if header.kind == Kind.PING:
                    sock.sendall(encode(Header(Kind.PONG, id=header.id), pong))
                if header.kind == Kind.REQUEST and body == b"last":
                    sock.sendall(reply_to(header, body))

        async def cancel(client: finishline.AsyncClient) -> None:
            call = asyncio.create_task(client.call("V"))
            await asyncio.sleep(0.05)
            call.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await call
            await asyncio.sleep(0.05)

        async def run(address: str) -> None:
            async with finishline.AsyncClient(address) as client:
                await cancel(client)
                await cancel(client)
                await client.call("V", 1, b"last")

        asyncio.run(run(self.scripted(script)))
        return heard

    def test_who_understands_cancel_hears_of_it(self) -> None:
        self.assertEqual(self.cancelled_at(b'{"cancel": true}'),
                         [(Kind.REQUEST, 1), (Kind.PING, 2), (Kind.CANCEL, 1), (Kind.REQUEST, 3), (Kind.CANCEL, 3),
                          (Kind.REQUEST, 4)])

    def test_who_does_not_understand_cancel_hears_nothing(self) -> None:
        for pong in (b"", b"{}", b'{"cancel": 1}', b"\xff"):
            self.assertEqual(self.cancelled_at(pong),
                             [(Kind.REQUEST, 1), (Kind.PING, 2), (Kind.REQUEST, 3), (Kind.REQUEST, 4)])

    def test_closing_ends_what_is_open(self) -> None:
        def script(sock: socket.socket) -> None:
            read_frame(sock)
            sock.recv(1)

        async def run(address: str) -> None:
            client = finishline.AsyncClient(address)
            call = asyncio.create_task(client.call("V"))
            await asyncio.sleep(0.1)
            await client.close()
            with self.assertRaises(errors.ClientClosed):
                await call

        asyncio.run(run(self.scripted(script)))

    def test_requests_at_the_same_time_share_one_connection(self) -> None:
        def script(sock: socket.socket) -> None:
            asked = [read_frame(sock) for _ in range(200)]
            for header, body in asked:
                sock.sendall(reply_to(header, body))

        async def run(address: str) -> list[bytes]:
            async with finishline.AsyncClient(address) as client:
                replies = await asyncio.gather(*(client.call("V", 1, b"%d" % n) for n in range(200)))
            return [reply.body for reply in replies]

        self.assertEqual(asyncio.run(run(self.scripted(script))), [b"%d" % n for n in range(200)])


if __name__ == "__main__":
    unittest.main()
