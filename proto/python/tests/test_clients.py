"""All clients, that in C, too, before other sides that do as a test says."""

from __future__ import annotations

import json
import socket
import threading
import time
import unittest
from typing import Any

import finishline
from finishline import Call, Retry, errors
from finishline.frame import Header, Kind, encode

from .peers import CLIENTS, PeerTest, read_frame, reply_to

QUICK = Retry(backoff=finishline.Backoff(first=0.01, longest=0.05))


def serve(sock: socket.socket) -> None:
    """Answers everything with its own body."""
    while True:
        asked, body = read_frame(sock)
        sock.sendall(reply_to(asked, body))


def hang_up(sock: socket.socket) -> None:
    """Reads one request and closes."""
    read_frame(sock)


class ClientRules:
    """The rules that hold for every client: the classes below say which."""

    kind: str

    def client(self: Any, address: str, **arguments: Any) -> Any:
        arguments = {"timeout": 10.0, "retry": QUICK, **arguments}
        client = CLIENTS[self.kind](address, **arguments)
        self.addCleanup(client.close)
        return client

    def test_a_call_is_the_frame_that_the_manual_shows(self: Any) -> None:
        seen: list[tuple[Header, bytes]] = []

        def script(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            seen.append((asked, body))
            sock.sendall(reply_to(asked, b"meow", service_us=5003, origin=1))

        reply = self.client(self.scripted(script)).call("video", 5, b"cat", deadline=2.0, retryable=True, priority=2)
        asked, body = seen[0]
        self.assertEqual((asked.type, asked.flags, asked.length, body), (ord("V"), 0x05, 5, b"cat"))
        self.assertTrue(1 <= asked.detail <= 2000)
        self.assertEqual(reply, finishline.Reply(0, b"meow", 0.005003, 1))

    def test_every_status_is_an_error_of_its_own(self: Any) -> None:
        kinds = [None, errors.BadFrameReply, errors.UnknownType, errors.TooLarge, errors.NoServer, errors.ServerLost,
                 errors.DeadlineExceeded, errors.Overloaded, errors.Draining, errors.ServerFailed, errors.Cancelled]
        kinds += [errors.RequestFailed]  # 11: a number that nobody knows

        def script(sock: socket.socket) -> None:
            for status in range(1, len(kinds)):
                asked, _ = read_frame(sock)
                sock.sendall(reply_to(asked, detail=status))

        client = self.client(self.scripted(script), retry=Retry(attempts=1))
        for status, kind in list(enumerate(kinds))[1:]:
            with self.assertRaises(errors.RequestFailed) as caught:
                client.call("video")
            self.assertIs(type(caught.exception), kind)
            self.assertEqual(caught.exception.status, status)

    def test_replies_may_come_in_any_order(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            asked = [read_frame(sock) for _ in range(50)]
            for header, body in reversed(asked):
                sock.sendall(reply_to(header, body))

        bodies = [b"%d" % number for number in range(50)]
        replies = self.client(self.scripted(script)).call_many([Call("V", 1, body) for body in bodies])
        self.assertEqual([reply.body for reply in replies], bodies)

    def test_no_more_is_open_than_the_window_says(self: Any) -> None:
        most = 0

        def script(sock: socket.socket) -> None:
            nonlocal most
            done = 0
            while done < 20:
                asked = [read_frame(sock)]
                sock.settimeout(0.1)
                try:
                    while True:
                        asked.append(read_frame(sock))
                except TimeoutError:
                    sock.settimeout(10)
                most = max(most, len(asked))
                done += len(asked)
                for header, body in asked:
                    sock.sendall(reply_to(header, body))

        self.client(self.scripted(script)).call_many([Call("V")] * 20, window=5)
        self.assertEqual(most, 5)

    def test_a_lost_request_that_may_be_done_twice_is_sent_again(self: Any) -> None:
        reply = self.client(self.scripted(hang_up, hang_up, serve)).call("V", 1, b"x", retryable=True)
        self.assertEqual((reply.body, reply.attempts), (b"x", 3))

    def test_one_that_may_not_is_told(self: Any) -> None:
        with self.assertRaisesRegex(errors.ConnectionLost, "may have been done"):
            self.client(self.scripted(hang_up, serve)).call("V")

    def test_a_lost_server_is_the_same(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            for status in (5, 0, 5):
                asked, _ = read_frame(sock)
                sock.sendall(reply_to(asked, detail=status))

        client = self.client(self.scripted(script))
        self.assertEqual(client.call("V", retryable=True).attempts, 2)
        self.assertRaises(errors.ServerLost, client.call, "V")

    def test_half_a_frame_is_a_lost_reply(self: Any) -> None:
        def half(sock: socket.socket) -> None:
            asked, _ = read_frame(sock)
            sock.sendall(reply_to(asked, b"x" * 100)[:60])

        self.assertEqual(self.client(self.scripted(half, serve)).call("V", 1, b"y", retryable=True).body, b"y")

    def test_goaway_moves_new_requests_and_leaves_open_ones(self: Any) -> None:
        served: list[int] = []

        def leaving(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            sock.sendall(encode(Header(Kind.GOAWAY)))
            arrived.wait(10)  # the next one is on the other connection
            sock.sendall(reply_to(asked, b"old"))
            try:
                read_frame(sock)
                served.append(1)
            except EOFError:
                pass

        def new(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            arrived.set()
            sock.sendall(reply_to(asked, b"new"))
            serve(sock)

        arrived = threading.Event()
        client = self.client(self.scripted(leaving, new))
        calls = [Call("V", 1, b"1"), Call("V", 1, b"2")]
        if self.kind != "asyncio":
            arrived.set()
            self.assertEqual(client.call("V").body, b"old")
            self.assertEqual(client.call("V").body, b"new")
        else:
            answers: list[bytes] = []
            first = threading.Thread(target=lambda: answers.append(client.call("V").body))
            first.start()
            time.sleep(0.2)
            answers.append(client.call("V").body)
            first.join()
            self.assertEqual(sorted(answers), [b"new", b"old"])
        self.assertEqual([reply.body for reply in client.call_many(calls)], [b"1", b"2"])
        self.assertEqual(served, [])

    def test_a_connection_that_owes_nothing_after_its_goaway_is_closed(self: Any) -> None:
        def leaving(sock: socket.socket) -> None:
            first, second = read_frame(sock), read_frame(sock)
            sock.sendall(encode(Header(Kind.GOAWAY)) + reply_to(first[0]))
            moved.wait(10)
            sock.sendall(reply_to(second[0]))
            if sock.recv(1) == b"":
                closed.set()

        def new(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            moved.set()
            if closed.wait(5):
                sock.sendall(reply_to(asked, body))

        moved, closed = threading.Event(), threading.Event()
        replies = self.client(self.scripted(leaving, new)).call_many([Call("V")] * 3, window=2)
        self.assertEqual(len(replies), 3)

    def test_a_request_that_crosses_the_goaway_is_sent_again(self: Any) -> None:
        def leaving(sock: socket.socket) -> None:
            asked, _ = read_frame(sock)
            sock.sendall(encode(Header(Kind.GOAWAY)) + reply_to(asked, detail=8))

        reply = self.client(self.scripted(leaving, serve)).call("V", 1, b"x")
        self.assertEqual((reply.body, reply.attempts), (b"x", 2))

    def test_the_overloaded_are_asked_again_when_they_said(self: Any) -> None:
        times: list[float] = []

        def script(sock: socket.socket) -> None:
            for status in (7, 0):
                asked, _ = read_frame(sock)
                times.append(time.monotonic())
                sock.sendall(reply_to(asked, detail=status, service_us=200_000 if status else 0))

        self.assertEqual(self.client(self.scripted(script)).call("V").attempts, 2)
        self.assertGreaterEqual(times[1] - times[0], 0.2)

    def test_an_answer_that_nobody_waits_for_is_dropped(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            other = Header(Kind.REQUEST, asked.type, id=asked.id + 1000)
            sock.sendall(reply_to(other, b"not yours") + encode(Header(Kind.PONG, id=asked.id)) + reply_to(asked, body))

        self.assertEqual(self.client(self.scripted(script)).call("V", 1, b"mine").body, b"mine")

    def test_nonsense_ends_the_connection_and_is_told(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            asked, _ = read_frame(sock)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            self.assertEqual(sock.recv(1), b"")

        client = self.client(self.scripted(script, serve))
        with self.assertRaisesRegex(errors.ProtocolError, "version"):
            client.call("V", retryable=True)
        self.assertEqual(client.call("V", 1, b"x").body, b"x")

    def test_an_answer_above_max_body_ends_the_connection(self: Any) -> None:
        client = self.client(self.scripted(serve), max_body=100)
        with self.assertRaisesRegex(errors.ProtocolError, "max_body"):
            client.call("V", 1, b"x" * 101)

    def test_no_answer_is_a_timeout_and_the_client_goes_on(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            late, _ = read_frame(sock)
            asked, body = read_frame(sock)
            if asked.kind == Kind.PING:  # whether it understands cancel
                asked, body = read_frame(sock)
            sock.sendall(reply_to(late, b"late") + reply_to(asked, body))

        client = self.client(self.scripted(script), timeout=0.2)
        with self.assertRaises(errors.TimedOut) as caught:
            client.call("V")
        self.assertIsInstance(caught.exception, TimeoutError)
        self.assertEqual(client.call("V", 1, b"next").body, b"next")

    def heard_of_late_calls(self: Any, pong: bytes) -> list[Kind]:
        """What a server hears of two calls that it lets run out of time, and of one that it answers; it answers a ping
        so."""
        heard: list[Kind] = []

        def script(sock: socket.socket) -> None:
            while True:
                header, body = read_frame(sock)
                heard.append(Kind(header.kind))
                if header.kind == Kind.PING:
                    sock.sendall(encode(Header(Kind.PONG, id=header.id), pong))
                if header.kind == Kind.REQUEST and body == b"last":
                    sock.sendall(reply_to(header, body))

        client = self.client(self.scripted(script), timeout=0.3)
        for _ in range(2):
            with self.assertRaises(errors.TimedOut):
                client.call("V")
        self.assertEqual(client.call("V", 1, b"last").body, b"last")
        client.close()
        return heard

    def test_a_call_that_is_out_of_time_is_taken_back_where_that_is_understood(self: Any) -> None:
        heard = self.heard_of_late_calls(b'{"cancel": true}')
        self.assertEqual(sorted(heard), [Kind.REQUEST] * 3 + [Kind.PING] + [Kind.CANCEL] * 2)
        heard = self.heard_of_late_calls(b"")
        self.assertEqual(sorted(heard), [Kind.REQUEST] * 3 + [Kind.PING])

    def test_nobody_there_is_told_after_the_patience_that_was_asked_for(self: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
        client = self.client(address, connect_timeout=0.2)
        results = client.call_many([Call("V")] * 100, return_errors=True)
        self.assertEqual({type(result) for result in results}, {errors.ConnectFailed})

    def test_a_deadline_that_passes_with_nobody_there_says_that_nothing_was_sent(self: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
        results = self.client(address).call_many([Call("V", deadline=0.001)] * 3, return_errors=True)
        for result in results:
            self.assertIsInstance(result, errors.ConnectFailed)
            self.assertRegex(str(result), "refused|Connect call failed")  # asyncio says it in other words
            self.assertNotIn("may have been done", str(result))

    def test_a_server_that_comes_later_is_found(self: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

        def come() -> None:
            time.sleep(0.3)
            with socket.create_server(("127.0.0.1", port)) as late:
                sock, _ = late.accept()
                with sock:
                    try:
                        serve(sock)
                    except EOFError:
                        pass

        thread = threading.Thread(target=come)
        thread.start()
        self.addCleanup(thread.join)
        self.assertEqual(self.client(f"127.0.0.1:{port}").call("V", 1, b"x").body, b"x")

    def test_an_idle_connection_that_ended_is_noticed_before_the_next_request(self: Any) -> None:
        closed = threading.Event()

        def once(sock: socket.socket) -> None:
            asked, body = read_frame(sock)
            sock.sendall(reply_to(asked, body))
            sock.shutdown(socket.SHUT_RDWR)
            closed.set()

        client = self.client(self.scripted(once, serve))
        self.assertEqual(client.call("V", 1, b"1").body, b"1")
        closed.wait(10)
        time.sleep(0.05)
        self.assertEqual(client.call("V", 1, b"2").attempts, 1)

    def test_errors_stand_in_their_places(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            while True:
                asked, body = read_frame(sock)
                sock.sendall(reply_to(asked, detail=9 if body == b"bad" else 0))

        client = self.client(self.scripted(script))
        results = client.call_many([Call("V", 1, b"bad" if n == 3 else b"") for n in range(6)], return_errors=True)
        self.assertEqual([isinstance(result, errors.ServerFailed) for result in results], [n == 3 for n in range(6)])
        self.assertRaises(errors.ServerFailed, client.call_many, [Call("V"), Call("V", 1, b"bad")])
        self.assertEqual(client.call_many([]), [])

    def test_large_bodies_in_both_directions_do_not_wait_for_each_other(self: Any) -> None:
        body = bytes(range(256)) * 256
        replies = self.client(self.scripted(serve)).call_many([Call("V", 1, body)] * 300, window=300)
        self.assertTrue(all(reply.body == body for reply in replies))

    def test_ping_and_describe(self: Any) -> None:
        def script(sock: socket.socket) -> None:
            ping, _ = read_frame(sock)
            sock.sendall(encode(Header(Kind.PONG, id=ping.id), b'{"news": 1}'))
            describe, _ = read_frame(sock)
            body = json.dumps({"pool": "media"}).encode()
            sock.sendall(encode(Header(Kind.DESCRIPTION, id=describe.id), body))
            describe, _ = read_frame(sock)
            sock.sendall(encode(Header(Kind.DESCRIPTION, id=describe.id, detail=4)))

        client = self.client(self.scripted(script))
        self.assertGreater(client.ping(), 0)
        self.assertEqual(client.describe(), {"pool": "media"})
        self.assertRaises(errors.NoServer, client.describe)

    def test_a_closed_client_says_so(self: Any) -> None:
        client = CLIENTS[self.kind](self.scripted(serve), timeout=10.0)
        client.call("V")
        if self.kind != "asyncio":
            client.close()
            client.close()
            self.assertRaises(errors.ClientClosed, client.call, "V")
        else:
            client._run(client._client.close())
            self.assertRaises(errors.ClientClosed, client.call, "V")
            client.close()


class WaitingClientRules(ClientRules):
    """Further rules for those that wait."""

    def test_what_was_not_sent_at_all_is_sent_again(self: Any) -> None:
        def first(sock: socket.socket) -> None:
            asked, _ = read_frame(sock)  # the rest of a burst that is larger than all buffers stays unread

        body = b"x" * (1 << 20)
        client = self.client(self.scripted(first, serve), timeout=20.0)
        results: list[Any] = client.call_many([Call("V", 1, body)] * 40, window=40, return_errors=True)
        lost = [result for result in results if isinstance(result, errors.ConnectionLost)]
        served = [result for result in results if isinstance(result, finishline.Reply)]
        self.assertEqual(len(lost) + len(served), 40)
        self.assertTrue(lost and served)


class BlockingClient(WaitingClientRules, PeerTest):
    kind = "blocking"


class CClient(WaitingClientRules, PeerTest):
    kind = "c"


if __name__ == "__main__":
    unittest.main()
