"""The client of the C library with the face of a Client, so that what holds for clients is tested of it, too."""

from __future__ import annotations

import ctypes
import json
from typing import Any, Iterable, Mapping

import finishline
from finishline import Call, Reply, Retry, errors
from finishline.errors import failure_of
from finishline.frame import DEFAULT_MAX_BODY
from finishline.names import SEED_TYPES, Address, code_of

from .programs import C_PROGRAMS

_WORDS = {-1: errors.ConnectFailed, -2: errors.ConnectionLost, -3: errors.TimedOut, -4: errors.ProtocolError,
          -5: errors.ClientClosed}


class _Options(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in (
        "timeout_ms", "connect_timeout_ms", "max_body", "attempts", "first_pause_ms", "longest_pause_ms", "max_open")]
    _fields_ += [("reserved", ctypes.c_uint32 * 9)]


class _Call(ctypes.Structure):
    _fields_ = [("type", ctypes.c_char), ("flags", ctypes.c_ubyte), ("priority", ctypes.c_ubyte),
                ("length", ctypes.c_uint32), ("deadline_ms", ctypes.c_uint32), ("body", ctypes.c_char_p),
                ("body_bytes", ctypes.c_size_t), ("reserved", ctypes.c_uint64 * 2)]


class _Reply(ctypes.Structure):
    _fields_ = [("result", ctypes.c_int), ("attempts", ctypes.c_uint), ("service_us", ctypes.c_uint32),
                ("origin", ctypes.c_uint32), ("body", ctypes.c_void_p), ("body_bytes", ctypes.c_size_t),
                ("reserved", ctypes.c_uint64 * 2)]


def _library() -> Any:
    library = ctypes.CDLL(str(C_PROGRAMS.parent / "libfinishline.so.0"))
    library.finishline_error.restype = ctypes.c_char_p
    return library


class CFace:
    """A finishline_client that waits, with the methods of a Client."""

    def __init__(self, address: Address, *, types: Mapping[str, str] = SEED_TYPES, timeout: float | None = 60.0,
                 connect_timeout: float = 10.0, retry: Retry = Retry(), max_body: int = DEFAULT_MAX_BODY) -> None:
        self._library = _library()
        self._types = types
        options = _Options(timeout_ms=0xFFFFFFFF if timeout is None else round(timeout * 1000),
                           connect_timeout_ms=round(connect_timeout * 1000), max_body=max_body,
                           attempts=retry.attempts, first_pause_ms=round(retry.backoff.first * 1000),
                           longest_pause_ms=round(retry.backoff.longest * 1000))
        self._client = ctypes.c_void_p()
        words = address if isinstance(address, str) else "%s:%d" % address
        if self._library.finishline_client_new(words.encode(), ctypes.byref(options), ctypes.byref(self._client)) != 0:
            raise ValueError(self._words())

    def call(self, type: str, length: int = 1, body: bytes = b"", *, deadline: float | None = None,
             retryable: bool = False, priority: int = 0) -> Reply:
        return self.call_many([Call(type, length, body, deadline, retryable, priority)])[0]

    def call_many(self, calls: Iterable[Call], *, window: int = 64, return_errors: bool = False) -> Any:
        listed = [self._coded(call) for call in calls]
        replies = (_Reply * len(listed))()
        self._check_open()
        result = self._library.finishline_request_many(self._client, (_Call * len(listed))(*listed), len(listed),
                                                       window, replies)
        words = self._words()
        results = [self._outcome(reply, words) for reply in replies]
        self._library.finishline_reply_clear(replies, len(listed))
        if result != 0 and not return_errors:
            raise next(each for each in results if isinstance(each, finishline.FinishlineError))
        return results

    def ping(self) -> float:
        self._check_open()
        microseconds = ctypes.c_uint32()
        if self._library.finishline_ping(self._client, ctypes.byref(microseconds)) != 0:
            raise finishline.FinishlineError(self._words())
        return microseconds.value / 1e6

    def describe(self) -> dict[str, Any]:
        self._check_open()
        reply = _Reply()
        self._library.finishline_describe(self._client, ctypes.byref(reply))
        outcome = self._outcome(reply, self._words())
        self._library.finishline_reply_clear(ctypes.byref(reply), 1)
        if isinstance(outcome, finishline.FinishlineError):
            raise outcome
        described: dict[str, Any] = json.loads(outcome.body)
        return described

    def close(self) -> None:
        self._library.finishline_client_free(self._client)
        self._client = ctypes.c_void_p()

    def _check_open(self) -> None:
        if not self._client:
            raise errors.ClientClosed("this client has been closed")

    def _words(self) -> str:
        words: bytes = self._library.finishline_error()
        return words.decode()

    def _coded(self, call: Call) -> _Call:
        return _Call(type=code_of(call.type, self._types), flags=int(call.retryable), priority=call.priority,
                     length=call.length, deadline_ms=round((call.deadline or 0) * 1000), body=call.body,
                     body_bytes=len(call.body))

    def _outcome(self, reply: _Reply, words: str) -> Reply | finishline.FinishlineError:
        if reply.result < 0:
            return _WORDS[reply.result](words)
        body = ctypes.string_at(reply.body, reply.body_bytes) if reply.body else b""
        read = Reply(reply.result, body, reply.service_us / 1e6, reply.origin, reply.attempts)
        return read if read.ok else failure_of(read)
