"""Rules that need no socket: names, limits in time, what is sent again, how much work is left."""

from __future__ import annotations

import unittest

import finishline
from finishline.attempt import GRACE, Attempts
from finishline.call import Reply
from finishline.errors import ConnectFailed, ConnectionLost, Draining, Overloaded, ServerFailed, ServerLost
from finishline.frame import Header, Kind
from finishline.names import SEED_TYPES, code_of, host_and_port
from finishline.request import Request
from finishline.retry import Backoff, Retry
from finishline.workload import Job, Workload


class Names(unittest.TestCase):
    def test_a_type_is_a_name_or_a_letter(self) -> None:
        self.assertEqual(code_of("video", SEED_TYPES), ord("V"))
        self.assertEqual(code_of("x", SEED_TYPES), ord("x"))

    def test_an_unknown_type_is_told_with_the_remedy(self) -> None:
        for wrong in ("vidoe", "", "1", "é"):
            with self.assertRaisesRegex(ValueError, "known are video, picture, music"):
                code_of(wrong, SEED_TYPES)

    def test_addresses(self) -> None:
        self.assertEqual(host_and_port("127.0.0.1:9000"), ("127.0.0.1", 9000))
        self.assertEqual(host_and_port("[::1]:9000"), ("::1", 9000))
        for wrong in ("", "9000", ":9000", "host:", "host:99999", "::1:9000", "host:-1"):
            with self.assertRaisesRegex(ValueError, "write HOST:PORT"):
                host_and_port(wrong)

    def test_a_call_that_makes_no_sense_is_refused(self) -> None:
        for wrong in ({"length": -1}, {"length": 1 << 32}, {"deadline": 0.0}, {"deadline": -1.0}, {"deadline": 1e9},
                      {"priority": 4}, {"priority": -1}):
            with self.assertRaises(ValueError):
                finishline.Call("V", **wrong)  # type: ignore[arg-type]


class WhatIsSentAgain(unittest.TestCase):
    def test_what_may_have_been_done_only_if_it_is_retryable(self) -> None:
        for error in (ConnectionLost(), ServerLost()):
            self.assertIsNone(Retry().pause_after(error, 1, retryable=False))
            self.assertIsNotNone(Retry().pause_after(error, 1, retryable=True))

    def test_what_was_not_begun_in_any_case(self) -> None:
        for error in (ConnectFailed(), Draining(), Overloaded()):
            self.assertIsNotNone(Retry().pause_after(error, 1, retryable=False))

    def test_what_failed_never(self) -> None:
        self.assertIsNone(Retry().pause_after(ServerFailed(), 1, retryable=True))

    def test_attempts_have_an_end(self) -> None:
        self.assertIsNotNone(Retry(attempts=3).pause_after(ServerLost(), 2, retryable=True))
        self.assertIsNone(Retry(attempts=3).pause_after(ServerLost(), 3, retryable=True))

    def test_the_overloaded_are_waited_for_as_they_say_and_up_to_a_half_more(self) -> None:
        pauses = [Retry().pause_after(Overloaded(retry_after=2.0), 1, retryable=False) or 0.0 for _ in range(200)]
        self.assertTrue(all(2.0 <= pause <= 3.0 for pause in pauses))
        self.assertGreater(len(set(pauses)), 100)

    def test_pauses_double_come_apart_and_have_an_end(self) -> None:
        backoff = Backoff(first=0.1, longest=1.0)
        for failures, most in ((1, 0.1), (2, 0.2), (3, 0.4), (5, 1.0), (5000, 1.0)):
            pauses = [backoff.pause(failures) for _ in range(100)]
            self.assertTrue(all(most / 2 <= pause <= most for pause in pauses))
            self.assertGreater(len(set(pauses)), 50)


class LimitsInTime(unittest.TestCase):
    def test_each_attempt_has_what_is_left_of_the_deadline(self) -> None:
        attempts = Attempts(finishline.Call("V", deadline=2.0), ord("V"), 100.0, None)
        self.assertEqual(attempts.next_header(100.0).detail, 2000)
        self.assertEqual(attempts.next_header(101.5).detail, 500)
        self.assertRaises(finishline.DeadlineExceeded, attempts.next_header, 102.0)

    def test_the_other_side_is_given_the_time_to_say_that_it_passed(self) -> None:
        attempts = Attempts(finishline.Call("V", deadline=2.0), ord("V"), 100.0, 60.0)
        self.assertEqual(attempts.limit, 102.0 + GRACE)
        attempts.next_header(100.0)
        self.assertIsInstance(attempts.out_of_time(), finishline.DeadlineExceeded)

    def test_a_timeout_is_another_word(self) -> None:
        attempts = Attempts(finishline.Call("V"), ord("V"), 100.0, 60.0)
        attempts.next_header(100.0)
        self.assertIsInstance(attempts.out_of_time(), finishline.TimedOut)

    def test_what_was_never_sent_cannot_have_been_done(self) -> None:
        for deadline in (None, 2.0):
            attempts = Attempts(finishline.Call("V", deadline=deadline), ord("V"), 100.0, 60.0)
            self.assertIsInstance(attempts.out_of_time("refused"), finishline.ConnectFailed)
        self.assertRaises(finishline.ConnectFailed, attempts.next_header, 102.0)
        self.assertEqual(attempts.made, 0)

    def test_a_pause_that_outlasts_the_request_is_not_made(self) -> None:
        attempts = Attempts(finishline.Call("V"), ord("V"), 100.0, 1.0)
        self.assertIsNone(attempts.pause_after(Overloaded(retry_after=5.0), 100.0, Retry()))
        self.assertIsNotNone(attempts.pause_after(Overloaded(retry_after=0.5), 100.0, Retry()))


def job(length: int = 1, body: bytes = b"", connection: object = None) -> Job:
    request = Request("video", length, body, False, None)
    return Job(request, Header(Kind.REQUEST, ord("V"), length=length), connection)


class WorkThatIsLeft(unittest.TestCase):
    def taught(self) -> Workload:
        """One that knows that a unit takes 0.5 s."""
        work = Workload(max_waiting=10, max_waiting_bytes=10000)
        self.assertTrue(work.put(job(length=4)))
        first = work.begin(100.0)
        assert first is not None
        self.assertEqual(work.finish(first, 102.0, served=True), 2.0)
        return work

    def test_nothing_is_known_at_first(self) -> None:
        work = Workload(10, 10000)
        work.put(job(length=7))
        self.assertEqual(work.backlog(0.0), 0.0)

    def test_it_is_what_waits_and_the_rest_of_what_runs(self) -> None:
        work = self.taught()
        work.put(job(length=6))
        work.put(job(length=10))
        self.assertAlmostEqual(work.backlog(200.0), 8.0)
        work.begin(200.0)
        self.assertAlmostEqual(work.backlog(201.0), 2.0 + 5.0)
        self.assertAlmostEqual(work.backlog(209.0), 5.0, msg="what is late counts as done at any moment")

    def test_the_last_one_leaves_none(self) -> None:
        work = self.taught()
        self.assertEqual((work.backlog(300.0), len(work)), (0.0, 0))

    def test_what_failed_teaches_nothing(self) -> None:
        work = self.taught()
        work.put(job(length=1))
        failing = work.begin(200.0)
        assert failing is not None
        work.finish(failing, 260.0, served=False)
        work.put(job(length=2))
        self.assertAlmostEqual(work.backlog(300.0), 1.0)

    def test_what_nobody_wants_any_more_moves_later_work_up(self) -> None:
        work = self.taught()
        gone, stays = object(), object()
        for connection in (gone, stays, gone):
            work.put(job(length=2, body=b"x" * 3000, connection=connection))
        self.assertEqual(work.withdraw(gone), 2)
        self.assertAlmostEqual(work.backlog(200.0), 1.0)
        self.assertTrue(work.put(job(body=b"x" * 6000)), "their bytes have been given back")
        first = work.begin(200.0)
        assert first is not None
        self.assertIs(first.connection, stays)

    def test_there_is_room_for_so_many_and_so_much(self) -> None:
        work = Workload(max_waiting=2, max_waiting_bytes=1000)
        self.assertFalse(work.put(job(body=b"x" * 1000)))
        self.assertTrue(work.put(job()) and work.put(job()))
        self.assertFalse(work.put(job()))
        work.begin(0.0)
        self.assertTrue(work.put(job()))


class Registering(unittest.TestCase):
    def test_mistakes_are_told(self) -> None:
        for kind in (finishline.Server, finishline.AsyncServer):
            server = kind()
            server.handles("video")(lambda request: b"")
            for wrong in (("video",), ("V",), (), ("nothing",)):
                self.assertRaises(ValueError, server.handles(*wrong), lambda request: b"")
            self.assertRaises(ValueError, kind, slots=0)
            self.assertRaises(ValueError, kind, "nowhere")


class Messages(unittest.TestCase):
    def test_a_message_ends_with_the_last_words_of_the_server(self) -> None:
        def told(body: bytes) -> str:
            return str(ServerFailed(reply=Reply(9, body, 0.0, 0)))

        self.assertEqual(told(b""), "server_error: the server said that it failed")
        self.assertEqual(told(b"first\nno such file\n\n"), told(b"") + ": no such file")
        self.assertEqual(told(b"\xff\x1b[31m"), told(b"") + ": \ufffd?[31m")
        self.assertEqual(len(told(b"x" * 5000)), len(told(b"")) + 202)


if __name__ == "__main__":
    unittest.main()
