"""All servers, those in C, too, each in a process of its own, before a side that speaks frames by hand."""

from __future__ import annotations

import json
import socket
import time
import unittest
from typing import Any

import finishline
from finishline.frame import HEADER_BYTES, Header, Kind, Status, encode

from .peers import PeerTest, read_frame
from .programs import SIGTERM, ProgramTest


def request(id: int, body: bytes = b"", *, type: str = "V", length: int = 1, detail: int = 0, flags: int = 0) -> bytes:
    return encode(Header(Kind.REQUEST, ord(type), flags, id, length, detail), body)


class ServerRules:
    """The rules that hold for every server: the classes below say which."""

    kind: str
    complaint = "RuntimeError: as the test asked"
    """What it says of a handler that fails."""

    def server(self: Any, *flags: object) -> Any:
        return self.worker(self.kind, *flags)

    def replies(self: Any, sock: socket.socket, count: int) -> dict[int, tuple[Header, bytes]]:
        answers = [read_frame(sock) for _ in range(count)]
        return {header.id: (header, body) for header, body in answers}

    def test_a_reply_echoes_what_the_table_says(self: Any) -> None:
        sock = self.connect(self.server().address)
        sock.sendall(request(0x100000002, b"cat", length=5, detail=2000, flags=1))
        header, body = read_frame(sock)
        self.assertEqual((header.kind, header.type, header.flags, header.id, header.length, header.detail, body),
                         (Kind.REPLY, ord("V"), 1, 0x100000002, 5, 0, b"cat"))

    def test_it_tells_how_long_it_worked_and_what_it_has_left(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1, "--unit", 0.01).address)
        sock.sendall(request(1, length=10))
        header, _ = read_frame(sock)
        self.assertGreaterEqual(header.service_us, 100_000)
        self.assertEqual(header.origin, 0)
        sock.sendall(b"".join(request(id, length=10) for id in (2, 3, 4)))
        left = [read_frame(sock)[0].origin for _ in range(3)]
        self.assertGreater(left[0], left[1])
        self.assertGreater(left[1], 50_000)
        self.assertEqual(left[2], 0)

    def test_as_much_is_done_at_once_as_it_has_slots(self: Any) -> None:
        sock = self.connect(self.server("--slots", 2, "--unit", 0.001).address)
        sock.sendall(request(1, length=1000) + request(2, length=1) + request(3, length=1) + request(4, length=1))
        self.assertEqual([read_frame(sock)[0].id for _ in range(4)], [2, 3, 4, 1])

    def test_a_ping_is_answered_while_it_works(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1, "--unit", 0.5).address)
        sock.sendall(request(1) + request(2) + encode(Header(Kind.PING, id=9), b"to be ignored"))
        header, body = read_frame(sock)
        self.assertEqual((header.kind, header.id, body), (Kind.PONG, 9, b""))
        self.assertEqual(set(self.replies(sock, 2)), {1, 2})

    def test_who_asks_how_it_is_is_told(self: Any) -> None:
        sock = self.connect(self.server("--slots", 3, "--unit", 0.05).address)
        sock.sendall(request(1))
        read_frame(sock)
        sock.sendall(b"".join(request(id, length=4) for id in range(2, 8)) + encode(Header(Kind.PING, id=9, length=1)))
        header, body = read_frame(sock)
        self.assertEqual((header.kind, header.id), (Kind.PONG, 9))
        told = json.loads(body)
        self.assertEqual(told["slots"], 3)
        self.assertGreater(told["backlog_us"], 500_000)
        self.assertGreater(told["memory_bytes"], 1 << 20)
        self.assertGreaterEqual(told["cpu_percent"], 0)
        self.assertIs(told["cancel"], True)

    def test_it_has_nothing_to_describe(self: Any) -> None:
        sock = self.connect(self.server().address)
        sock.sendall(encode(Header(Kind.DESCRIBE, id=5)))
        header, body = read_frame(sock)
        self.assertEqual((header.kind, header.id, header.detail, body), (Kind.DESCRIPTION, 5, Status.NO_SERVER, b""))

    def test_it_estimates_nothing(self: Any) -> None:
        sock = self.connect(self.server().address)
        sock.sendall(encode(Header(Kind.ESTIMATE, ord("V"), id=5, length=3)))
        header, body = read_frame(sock)
        self.assertEqual((header.kind, header.id, header.type, header.length, header.detail, body),
                         (Kind.ESTIMATED, 5, ord("V"), 3, Status.NO_SERVER, b""))

    def test_64_kib_come_and_go(self: Any) -> None:
        body = bytes(range(256)) * 256
        sock = self.connect(self.server().address)
        for id in range(20):
            sock.sendall(request(id, body))
            self.assertEqual(read_frame(sock)[1], body)

    def test_what_is_too_large_is_refused_and_skipped(self: Any) -> None:
        sock = self.connect(self.server("--max-body", 65536).address)
        sock.sendall(request(1, b"x" * 65537) + request(2, b"x" * 65536) + request(3, b"small"))
        answers = self.replies(sock, 3)
        self.assertEqual([answers[id][0].detail for id in (1, 2, 3)], [Status.TOO_LARGE, 0, 0])

    def test_an_unknown_type_concerns_one_request(self: Any) -> None:
        sock = self.connect(self.server().address)
        sock.sendall(request(1, type="X") + request(2))
        answers = self.replies(sock, 2)
        self.assertEqual([answers[id][0].detail for id in (1, 2)], [Status.UNKNOWN_TYPE, 0])

    def test_a_bad_frame_is_answered_and_ends_the_connection(self: Any) -> None:
        good = request(7, b"x", length=5, flags=1)
        address = self.server().address
        for place, value in ((4, 9), (5, 2), (5, 77), (7, 0x81)):
            bad = bytearray(good)
            bad[place] = value
            sock = self.connect(address)
            sock.sendall(bytes(bad) + b"x" * 100_000)  # what is unread must not reset the reply
            header, _ = read_frame(sock)
            self.assertEqual((header.kind, header.detail, header.id, header.length), (Kind.REPLY, 1, 7, 5))
            self.assertEqual(header.flags, 1, "of the flags only the known ones")
            self.assertEqual(sock.recv(1), b"")

    def test_half_a_frame_disturbs_nobody(self: Any) -> None:
        address = self.server().address
        half, gone, other = (self.connect(address) for _ in range(3))
        half.sendall(request(1, b"x" * 100)[:50])
        gone.sendall(request(1, b"x" * 100)[:HEADER_BYTES + 5])
        gone.close()
        other.sendall(request(2))
        self.assertEqual(read_frame(other)[0].id, 2)
        half.sendall(request(1, b"x" * 100)[50:])
        self.assertEqual(read_frame(half)[1], b"x" * 100)

    def test_a_handler_says_by_an_exception_what_is_wrong(self: Any) -> None:
        server = self.server()
        sock = self.connect(server.address)
        names = ["UnknownType", "TooLarge", "NoServer", "ServerLost", "DeadlineExceeded", "Overloaded", "Draining",
                 "ServerFailed", "Cancelled"]
        for status, name in enumerate(names, 2):
            sock.sendall(request(status, b"raise " + name.encode()))
            header, body = read_frame(sock)
            self.assertEqual((header.detail, body), (status, b""))
            if name == "Overloaded":
                self.assertEqual(header.service_us, 50_000)

    def test_any_other_exception_is_a_server_error_and_logged(self: Any) -> None:
        server = self.server()
        sock = self.connect(server.address)
        for id in range(5):  # more than it has slots
            sock.sendall(request(id, b"raise"))
            self.assertEqual(read_frame(sock)[0].detail, Status.SERVER_ERROR)
        server.says(self.complaint)
        sock.sendall(request(9))
        self.assertEqual(read_frame(sock)[0].detail, 0)

    def test_what_finds_no_room_is_overloaded(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1, "--unit", 0.1, "--max-waiting", 2).address)
        sock.sendall(request(0))
        read_frame(sock)  # it knows now how long a unit takes
        sock.sendall(b"".join(request(id, length=4) for id in range(1, 9)))
        answers = self.replies(sock, 8)
        refused = [header for header, _ in answers.values() if header.detail == Status.OVERLOADED]
        self.assertIn(len(refused), (5, 6))
        self.assertTrue(all(header.service_us > 300_000 for header in refused))

    def test_what_has_passed_its_deadline_is_not_begun(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1, "--unit", 0.2).address)
        sock.sendall(request(1) + request(2, detail=50) + request(3))
        answers = self.replies(sock, 3)
        self.assertEqual([answers[id][0].detail for id in (1, 2, 3)], [0, Status.DEADLINE_EXCEEDED, 0])
        self.assertEqual(answers[2][0].service_us, 0)

    def test_what_is_cancelled_is_answered_so_and_makes_room(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1, "--unit", 0.1).address)
        sock.sendall(request(1, length=600) + request(2, length=600) + request(3, length=0, body=b"last"))
        for id in (2, 99, 1):
            sock.sendall(encode(Header(Kind.CANCEL, id=id)))
        answers = [read_frame(sock) for _ in range(3)]
        self.assertEqual([(header.id, header.detail) for header, _ in answers],
                         [(2, Status.CANCELLED), (1, Status.CANCELLED), (3, 0)])
        self.assertEqual(answers[0][0].service_us, 0)
        self.assertEqual(answers[2][1], b"last")

    def test_a_resize_is_answered_and_more_is_begun_at_once(self: Any) -> None:
        server = self.server("--slots", 2, "--max-slots", 4, "--unit", 0.1)
        sock, proxy = self.connect(server.address), self.connect(server.address)
        sock.sendall(b"".join(request(id, length=600) for id in (1, 2)) + request(3, length=0))
        proxy.sendall(encode(Header(Kind.RESIZE, id=7, length=4)))
        header, body = read_frame(proxy)
        self.assertEqual((header.kind, header.id, header.length, header.detail, body), (Kind.REPLY, 7, 4, 0, b""))
        self.assertEqual(read_frame(sock)[0].id, 3)  # beside the two that take a minute
        self.assertEqual(self.slots_in_pong(proxy), 4)

    def test_fewer_slots_end_nothing_and_begin_less(self: Any) -> None:
        sock = self.connect(self.server("--slots", 2, "--unit", 0.1).address)
        sock.sendall(request(1, length=600) + request(2, length=600) + encode(Header(Kind.RESIZE, id=7, length=1)))
        self.assertEqual(read_frame(sock)[0].id, 7)
        sock.sendall(request(3, length=0) + encode(Header(Kind.CANCEL, id=1)) + encode(Header(Kind.PING, id=8)))
        seen = {read_frame(sock)[0].id for _ in range(2)}
        self.assertEqual(seen, {1, 8})  # the third waits: the second one has the only slot
        sock.sendall(encode(Header(Kind.CANCEL, id=2)))
        self.assertEqual({read_frame(sock)[0].id for _ in range(2)}, {2, 3})  # two threads answer

    def test_slots_that_cannot_be_are_refused(self: Any) -> None:
        sock = self.connect(self.server("--slots", 2, "--max-slots", 4).address)
        for slots in (0, 5, 65537):
            sock.sendall(encode(Header(Kind.RESIZE, id=7, length=slots)))
            self.assertEqual(read_frame(sock)[0].detail, Status.SERVER_ERROR)
        self.assertEqual(self.slots_in_pong(sock), 2)

    def test_who_does_one_thing_at_a_time_is_not_made_to_do_two(self: Any) -> None:
        sock = self.connect(self.server("--slots", 1).address)
        sock.sendall(encode(Header(Kind.RESIZE, id=7, length=2)))
        self.assertEqual(read_frame(sock)[0].detail, Status.SERVER_ERROR)
        self.assertEqual(self.slots_in_pong(sock), 1)

    def slots_in_pong(self: Any, sock: socket.socket) -> int:
        sock.sendall(encode(Header(Kind.PING, id=9, length=1)))
        slots: int = json.loads(read_frame(sock)[1])["slots"]
        return slots

    def test_a_cancel_concerns_its_own_connection(self: Any) -> None:
        address = self.server("--slots", 1, "--unit", 0.05).address
        mine, other = self.connect(address), self.connect(address)
        mine.sendall(request(1, length=4))
        other.sendall(encode(Header(Kind.CANCEL, id=1)) + encode(Header(Kind.PING, id=9)))
        self.assertEqual(read_frame(other)[0].kind, Kind.PONG)
        self.assertEqual(read_frame(mine)[0].detail, 0)

    def test_who_says_that_he_wants_no_more_gets_what_has_begun(self: Any) -> None:
        address = self.server("--slots", 1, "--unit", 0.3).address
        sock, other = self.connect(address), self.connect(address)
        sock.sendall(request(0, length=0))
        read_frame(sock)
        sock.sendall(request(1) + request(2) + request(3))
        time.sleep(0.1)
        sock.shutdown(socket.SHUT_WR)
        other.sendall(request(4, length=0))
        self.assertEqual(read_frame(sock)[0].id, 1)
        self.assertEqual(sock.recv(1), b"")
        self.assertEqual(read_frame(other)[0].id, 4)

    def test_on_sigterm_it_says_goaway_finishes_and_ends(self: Any) -> None:
        server = self.server("--slots", 1, "--unit", 0.3)
        sock, idle = self.connect(server.address), self.connect(server.address)
        sock.sendall(request(1) + request(2))
        time.sleep(0.1)
        server.signal(SIGTERM)
        self.assertEqual(read_frame(sock)[0].kind, Kind.GOAWAY)
        self.assertEqual(read_frame(idle)[0].kind, Kind.GOAWAY)
        sock.sendall(request(3))
        answers = self.replies(sock, 3)
        self.assertEqual([answers[id][0].detail for id in (1, 2, 3)], [0, 0, Status.DRAINING])
        self.assertEqual(sock.recv(1), b"")
        self.assertEqual(idle.recv(1), b"")
        self.assertEqual(server.wait(), 0)

    def test_a_second_sigterm_ends_it_at_once(self: Any) -> None:
        server = self.server("--unit", 60)
        sock = self.connect(server.address)
        sock.sendall(request(1))
        time.sleep(0.1)
        server.signal(SIGTERM)
        self.assertEqual(read_frame(sock)[0].kind, Kind.GOAWAY)
        server.signal(SIGTERM)
        self.assertEqual(server.wait(), 1)

    def test_clients_of_the_package_are_served(self: Any) -> None:
        with finishline.Client(self.server().address, timeout=20.0) as client:
            bodies = [b"%d" % number for number in range(2000)]
            replies = client.call_many([finishline.Call("video", 1, body) for body in bodies])
            self.assertEqual([reply.body for reply in replies], bodies)
            self.assertGreater(client.ping(), 0)


class ThreadsServer(ServerRules, PeerTest, ProgramTest):
    kind = "threads"


class AsyncioServer(ServerRules, PeerTest, ProgramTest):
    kind = "asyncio"


class AsyncioServerOfPlainFunctions(ServerRules, PeerTest, ProgramTest):
    kind = "plain"


class CServer(ServerRules, PeerTest, ProgramTest):
    kind = "c-run"
    complaint = ""


class CServerInAnEventLoop(ServerRules, PeerTest, ProgramTest):
    kind = "c-loop"
    complaint = ""


if __name__ == "__main__":
    unittest.main()
