"""What a client leaves open when it goes is left by the servers, too: before the real proxy, and before them alone."""

from __future__ import annotations

import asyncio
import threading
import unittest

import finishline
from finishline import errors
from finishline.frame import Kind

from .peers import CLIENTS, PeerTest, read_frame
from .programs import ProgramTest

HOURS = 100_000
"""A length that no test waits for, where a unit is a tenth of a second."""


class Closing(PeerTest, ProgramTest):
    """One slot: who is served behind a request of hours has found that it was left."""

    def slow(self, kind: str) -> list[str]:
        """Addresses of a server with one slot, and of a proxy before it."""
        server = self.worker(kind, "--slots", 1, "--unit", 0.1)
        return [server.address, self.proxy([server.address]).address]

    def assert_free(self, address: str) -> None:
        with finishline.Client(address, timeout=20.0) as other:
            self.assertEqual(other.call("video", 0, b"next").body, b"next")

    def wait_until_busy(self, address: str) -> None:
        """Until the only slot is taken: a request of no length finds no way to be done in time."""
        def is_busy() -> bool:
            with finishline.Client(address, retry=finishline.Retry(attempts=1)) as other:
                try:
                    other.call("video", 0, deadline=0.1)
                    return False
                except (errors.TimedOut, errors.DeadlineExceeded, errors.Overloaded):
                    return True

        self.eventually(is_busy, "the slot is taken")

    def test_a_blocking_client_that_another_thread_closes(self) -> None:
        for address in self.slow("threads"):
            client = finishline.Client(address)
            ended: list[BaseException] = []

            def call() -> None:
                try:
                    client.call("video", HOURS)
                except errors.ClientClosed as error:
                    ended.append(error)

            thread = threading.Thread(target=call)
            thread.start()
            self.wait_until_busy(address)
            client.close()
            thread.join(20)
            self.assertEqual(len(ended), 1)
            self.assert_free(address)

    def test_an_asyncio_client_that_is_closed(self) -> None:
        async def run(address: str) -> None:
            async with finishline.AsyncClient(address) as client:
                call = asyncio.create_task(client.call("video", HOURS))
                await asyncio.to_thread(self.wait_until_busy, address)
            with self.assertRaises(errors.ClientClosed):
                await call

        for address in self.slow("asyncio"):
            asyncio.run(run(address))
            self.assert_free(address)

    def test_an_asyncio_task_that_is_cancelled_at_the_end(self) -> None:
        async def call(address: str) -> None:
            async with finishline.AsyncClient(address) as client:
                await client.call("video", HOURS)

        async def run(address: str) -> None:
            task = asyncio.create_task(call(address))
            await asyncio.to_thread(self.wait_until_busy, address)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        for address in self.slow("plain"):
            asyncio.run(run(address))
            self.assert_free(address)

    def test_a_call_that_is_out_of_time(self) -> None:
        for kind in CLIENTS:
            for address in self.slow("threads"):
                with self.subTest(client=kind):
                    client = CLIENTS[kind](address, timeout=0.3)
                    self.addCleanup(client.close)
                    self.assertRaises(errors.TimedOut, client.call, "video", HOURS)
                    self.assert_free(address)  # and the client is not asked for anything more

    def test_who_does_not_say_whether_he_understands_holds_nobody_up(self) -> None:
        heard: list[int] = []

        def silent(sock) -> None:
            while True:
                heard.append(read_frame(sock)[0].kind)

        async def run(address: str) -> None:
            client = finishline.AsyncClient(address)
            call = asyncio.create_task(client.call("V"))
            await asyncio.to_thread(self.eventually, lambda: bool(heard), "the request")
            await client.close()
            with self.assertRaises(errors.ClientClosed):
                await call

        asyncio.run(run(self.scripted(silent)))
        self.eventually(lambda: len(heard) == 2, "the ping that asks")
        self.assertEqual(heard, [Kind.REQUEST, Kind.PING])


if __name__ == "__main__":
    unittest.main()
