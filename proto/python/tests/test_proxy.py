"""The real proxy with servers in Python and C behind it and Python clients before it."""

from __future__ import annotations

import threading
import unittest
from typing import Any, Callable

import finishline
from finishline import Call, Retry, errors
from finishline.frame import Header, Kind, Status, encode

from .peers import CLIENTS, PeerTest, read_frame
from .programs import SIGHUP, SIGKILL, SIGTERM, ProgramTest

KINDS = ("threads", "asyncio", "c-run", "c-loop")
ONCE = Retry(attempts=1)


class ThroughTheProxy(PeerTest, ProgramTest):
    def clients(self, address: str, **arguments: Any) -> dict[str, Any]:
        clients = {kind: CLIENTS[kind](address, timeout=20.0, **arguments) for kind in CLIENTS}
        for client in clients.values():
            self.addCleanup(client.close)
        return clients

    def busy_while(self, client: Any, retryable: bool, event: Callable[[], None]) -> None:
        timer = threading.Timer(0.2, event)
        timer.start()
        bodies = [b"%d" % number for number in range(600)]
        replies = client.call_many([Call("video", 1, body, retryable=retryable) for body in bodies], window=20)
        timer.join()
        self.assertEqual([reply.body for reply in replies], bodies)

    def test_a_reply_names_its_server_and_the_proxy_describes_itself(self) -> None:
        proxy = self.proxy([self.worker(kind).address for kind in KINDS])
        for name, client in self.clients(proxy.address).items():
            with self.subTest(client=name):
                replies = client.call_many([Call("video", 3, b"x")] * 50)
                self.assertEqual({reply.origin for reply in replies}, set(range(len(KINDS))))
                description = client.describe()
                self.assertEqual([server["name"] for server in description["servers"]], [f"server-{number}" for number in range(len(KINDS))])
                self.assertGreater(client.ping(), 0)

    def test_a_reload_with_other_slots_reaches_running_servers(self) -> None:
        proxy = self.proxy([self.worker(kind, "--max-slots", 8).address for kind in KINDS])
        proxy.config.write_text(proxy.config.read_text().replace('type = "video"', 'type = "video"\nslots = 5'))
        proxy.signal(SIGHUP)
        for number in range(len(KINDS)):
            proxy.says(rf"server_resized server=server-{number} slots=5")
        self.assertNotIn("resize_failed", proxy.said())

    def test_64_kib_go_both_ways(self) -> None:
        body = bytes(range(256)) * 256
        for kind in KINDS:
            proxy = self.proxy([self.worker(kind).address])
            for name, client in self.clients(proxy.address).items():
                with self.subTest(server=kind, client=name):
                    replies = client.call_many([Call("music", 1, body)] * 100)
                    self.assertTrue(all(reply.body == body for reply in replies))

    def test_a_server_that_is_drained_costs_nobody_a_request(self) -> None:
        for kind in KINDS:
            for client in CLIENTS:
                self.one_of_two(kind, client, False, SIGTERM)

    def test_a_server_that_is_killed_costs_none_that_may_be_done_twice(self) -> None:
        for kind in KINDS:
            for client in CLIENTS:
                self.one_of_two(kind, client, True, SIGKILL)

    def one_of_two(self, kind: str, client_kind: str, retryable: bool, number: int) -> None:
        """Two servers; one gets the signal while the client is busy. Every request must be served."""
        with self.subTest(server=kind, client=client_kind):
            servers = [self.worker(kind, "--unit", 0.002) for _ in range(2)]
            proxy = self.proxy([server.address for server in servers])
            client = CLIENTS[client_kind](proxy.address, timeout=20.0)
            self.addCleanup(client.close)
            self.busy_while(client, retryable, lambda: servers[0].signal(number))
            self.assertEqual(servers[0].wait(), 0 if number == SIGTERM else -SIGKILL)

    def test_a_killed_server_loses_what_may_not_be_done_twice(self) -> None:
        for kind in KINDS:
            for client_kind in CLIENTS:
                with self.subTest(server=kind, client=client_kind):
                    server = self.worker(kind, "--unit", 10)
                    client = CLIENTS[client_kind](self.proxy([server.address]).address, timeout=20.0)
                    self.addCleanup(client.close)
                    threading.Timer(0.3, server.signal, [SIGKILL]).start()
                    self.assertRaises(errors.ServerLost, client.call, "video")

    def test_a_long_request_does_not_cost_the_link(self) -> None:
        for kind in KINDS:
            proxy = self.proxy([self.worker(kind, "--unit", 2.0).address], pool='link_ping = "200ms"')
            for name, client in self.clients(proxy.address).items():
                with self.subTest(server=kind, client=name):
                    self.assertEqual(client.call("video", 1, b"long").body, b"long")
            self.assertNotIn("link_down", proxy.said())

    def test_every_status_that_the_proxy_and_its_servers_can_say(self) -> None:
        for kind in KINDS:
            proxy = self.proxy([self.worker(kind, "--unit", 0.001).address],
                               work="max_length = 1000",
                               listener='max_body = "64KiB"')
            for name, client in self.clients(proxy.address, retry=ONCE).items():
                with self.subTest(server=kind, client=name):
                    self.assertRaises(errors.UnknownType, client.call, "X")
                    self.assertRaises(errors.TooLarge, client.call, "video", 1001)
                    self.assertRaises(errors.TooLarge, client.call, "video", 1, b"x" * 65537)
                    self.assertRaises(errors.DeadlineExceeded, client.call, "video", 1000, deadline=0.1)
                    self.assertRaises(errors.ServerFailed, client.call, "video", 1, b"raise")
                    self.assertRaises(errors.NoServer, client.call, "video", 1, b"raise UnknownType")
                    self.assertRaises(errors.Overloaded, client.call, "video", 1, b"raise Overloaded")
                    self.assertEqual(client.call("video", 1, b"still there").body, b"still there")

    def test_no_server_is_up(self) -> None:
        proxy = self.proxy(["127.0.0.1:1"], up=False)
        for name, client in self.clients(proxy.address, retry=ONCE).items():
            with self.subTest(client=name):
                self.assertRaises(errors.NoServer, client.call, "video")

    def test_a_limit_of_the_listener_is_waited_for(self) -> None:
        proxy = self.proxy([self.worker("threads").address],
                           listener='request_rate = "20/s"\nrequest_burst = 1')
        for name, client in self.clients(proxy.address, retry=Retry(attempts=50)).items():
            with self.subTest(client=name):
                replies = client.call_many([Call("video")] * 5)
                self.assertGreater(max(reply.attempts for reply in replies), 1)
        once = finishline.Client(proxy.address, retry=ONCE)
        self.addCleanup(once.close)
        results = once.call_many([Call("video")] * 5, return_errors=True)
        waits = [result.retry_after for result in results if isinstance(result, errors.Overloaded)]
        self.assertTrue(waits and all(wait is not None for wait in waits))

    def test_a_proxy_that_stops_answers_what_is_open(self) -> None:
        for client_kind in CLIENTS:
            with self.subTest(client=client_kind):
                proxy = self.proxy([self.worker("threads", "--unit", 0.5).address])
                client = CLIENTS[client_kind](proxy.address, connect_timeout=0.3)
                self.addCleanup(client.close)
                threading.Timer(0.2, proxy.signal, [SIGTERM]).start()
                self.assertEqual(client.call("video", 1, b"open").body, b"open")
                self.assertEqual(proxy.wait(), 0)
                with self.assertRaises(errors.ConnectFailed):
                    client.call("video")

    def test_nonsense_is_told_by_the_proxy(self) -> None:
        proxy = self.proxy([self.worker("threads").address])
        sock = self.connect(proxy.address)
        sock.sendall(encode(Header(Kind.REQUEST, ord("V"), flags=0x80, id=3)))
        header, _ = read_frame(sock)
        self.assertEqual((header.detail, header.id), (Status.BAD_FRAME, 3))
        self.assertEqual(sock.recv(1), b"")


class BeforeAFaultyServer(ProgramTest):
    """The reference server misbehaves; what may be done twice is served in the end."""

    def through(self, *faults: object, calls: int = 60) -> None:
        for kind in CLIENTS:
            with self.subTest(client=kind):
                server = self.reference_server("--unit", "0", *faults)
                client = CLIENTS[kind](server.address, timeout=20.0,
                                       retry=Retry(20, finishline.Backoff(0.005, 0.02)))
                self.addCleanup(client.close)
                bodies = [b"%d" % number for number in range(calls)]
                replies = client.call_many([Call("video", 1, body, retryable=True) for body in bodies], window=4)
                self.assertEqual([reply.body for reply in replies], bodies)

    def test_half_frames(self) -> None:
        self.through("--half-frame-every", 10)

    def test_refusals(self) -> None:
        self.through("--refuse-every", 3)

    def test_a_server_that_drops_a_reply_costs_a_timeout(self) -> None:
        for kind in CLIENTS:
            with self.subTest(client=kind):
                client = CLIENTS[kind](self.reference_server("--unit", "0", "--drop-every", 1).address, timeout=0.3)
                self.addCleanup(client.close)
                self.assertRaises(errors.TimedOut, client.call, "video")

    def test_one_that_fails(self) -> None:
        for kind in CLIENTS:
            with self.subTest(client=kind):
                client = CLIENTS[kind](self.reference_server("--unit", "0", "--fail-every", 1).address)
                self.addCleanup(client.close)
                self.assertRaises(errors.ServerFailed, client.call, "video", retryable=True)


if __name__ == "__main__":
    unittest.main()
