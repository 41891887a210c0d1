"""The frame protocol: header, encoder, incremental decoder. Pure: no socket, no clock.

The manual is proto/PROTOCOL.md; its worked bytes are tests of this file.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final, Iterator

from .errors import ProtocolError

HEADER_BYTES: Final = 32
VERSION: Final = 1
DEFAULT_MAX_BODY: Final = 16 << 20
MAX_U32: Final = 0xFFFFFFFF

RETRYABLE: Final = 0x01
"""Flags bit 0: the work may be done twice."""
PRIORITY_BITS: Final = 0x06
"""Flags bits 1 and 2: the priority class, 0 to 3."""
KNOWN_FLAGS: Final = RETRYABLE | PRIORITY_BITS

WANTS_VITALS: Final = 1
"""The `length` of a ping that wants a pong with a body."""

_HEADER: Final = struct.Struct(">IBBBBQIIII")


class Kind(enum.IntEnum):
    REQUEST = 1
    REPLY = 2
    PING = 3
    PONG = 4
    GOAWAY = 5
    DESCRIBE = 6
    DESCRIPTION = 7
    ESTIMATE = 8
    ESTIMATED = 9
    CANCEL = 10
    RESIZE = 11


REQUESTS: Final = frozenset({Kind.REQUEST, Kind.PING, Kind.DESCRIBE, Kind.ESTIMATE, Kind.CANCEL, Kind.RESIZE})
"""Kinds that a server receives."""
ANSWERS: Final = frozenset({Kind.REPLY, Kind.PONG, Kind.GOAWAY, Kind.DESCRIPTION})
"""Kinds that a client receives."""


class Status(enum.IntEnum):
    """What became of a request."""

    OK = 0
    BAD_FRAME = 1
    UNKNOWN_TYPE = 2
    TOO_LARGE = 3
    NO_SERVER = 4
    SERVER_LOST = 5
    DEADLINE_EXCEEDED = 6
    OVERLOADED = 7
    DRAINING = 8
    SERVER_ERROR = 9
    CANCELLED = 10


@dataclass(slots=True)
class Header:
    """The fields of one frame. What they mean in each kind stands in PROTOCOL.md."""

    kind: int
    type: int = 0
    """Type code: the byte of an ASCII letter, 0 where a kind has none."""
    flags: int = 0
    id: int = 0
    length: int = 0
    detail: int = 0
    """In a request the deadline in ms from receipt, 0 for none; in a reply the status."""
    service_us: int = 0
    origin: int = 0
    """In a reply: from a server its backlog in µs, from the proxy the number of the server."""
    body_bytes: int = 0
    """Set by the decoder, also where the body was too large; encode() counts the body instead."""
    version: int = VERSION


@dataclass(slots=True)
class Frame:
    header: Header
    body: bytes
    too_large: bool = False
    """The body is over max_body: it is not here, and is skipped as it comes."""


class BadFrame(ProtocolError):
    """The boundary of frames is lost. `header` is what was read."""

    def __init__(self, reason: str, header: Header) -> None:
        super().__init__(reason)
        self.header = header


def to_u32(value: float) -> int:
    """The nearest number that a 32-bit field holds."""
    return max(0, min(MAX_U32, round(value)))


def encode(header: Header, body: bytes = b"") -> bytes:
    """The bytes of one frame. Raises ValueError when a field does not fit."""
    try:
        head = _HEADER.pack(len(body), header.version, header.kind, header.type, header.flags, header.id,
                            header.length, header.detail, header.service_us, header.origin)
    except struct.error as error:
        raise ValueError(f"this header does not fit into a frame: {header}: {error}") from None
    return head + body


def decode_header(data: bytes | bytearray) -> Header:
    """Reads the first HEADER_BYTES of `data` without judging them."""
    (body_bytes, version, kind, type_, flags, id_, length, detail, service_us, origin) = _HEADER.unpack_from(data)
    return Header(kind, type_, flags, id_, length, detail, service_us, origin, body_bytes, version)


class Decoder:
    """Cuts a byte stream into frames. Takes memory for bytes that came, not for bytes that were announced.

        decoder.feed(data)
        for frame in decoder: ...

    Iterating raises BadFrame where version, kind or flags make no sense in this direction; it stays in this
    state. A body over `max_body` gives a frame without body, `too_large`, and is skipped as it comes.
    """

    def __init__(self, kinds: frozenset[Kind], max_body: int = DEFAULT_MAX_BODY) -> None:
        self._kinds = kinds
        self._max_body = max_body
        self._kept = bytearray()
        self._skip = 0
        self._header: Header | None = None
        self._bad: BadFrame | None = None

    @property
    def mid_frame(self) -> bool:
        """Whether the bytes end inside a frame: an end of stream now cuts it."""
        return self._skip > 0 or self._header is not None or len(self._kept) > 0

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = memoryview(data)[skipped:]
        self._kept += data

    def __iter__(self) -> Iterator[Frame]:
        used = 0
        try:
            while True:
                frame, used = self._next(used)
                if frame is None:
                    return
                yield frame
        finally:
            del self._kept[:used]

    def _next(self, used: int) -> tuple[Frame | None, int]:
        """The frame that begins at `used`, if it is all here, and where the next one begins."""
        if self._bad is not None:
            raise self._bad
        if self._header is None:
            if len(self._kept) - used < HEADER_BYTES:
                return None, used
            self._header = self._judged(decode_header(self._kept[used:used + HEADER_BYTES]))
            used += HEADER_BYTES
        header = self._header
        if header.body_bytes > self._max_body:
            return self._too_large(header, used)
        if len(self._kept) - used < header.body_bytes:
            return None, used
        self._header = None
        end = used + header.body_bytes
        return Frame(header, bytes(memoryview(self._kept)[used:end])), end

    def _too_large(self, header: Header, used: int) -> tuple[Frame, int]:
        self._header = None
        here = min(header.body_bytes, len(self._kept) - used)
        self._skip = header.body_bytes - here
        return Frame(header, b"", too_large=True), used + here

    def _judged(self, header: Header) -> Header:
        if header.version != VERSION:
            reason = f"version {header.version} in a frame, where {VERSION} is spoken"
        elif header.kind not in self._kinds:
            reason = f"a frame of kind {header.kind}, which nobody sends in this direction"
        elif header.flags & ~KNOWN_FLAGS:
            reason = f"unknown flags {header.flags:#04x} in a frame"
        else:
            return header
        self._bad = BadFrame(reason, header)
        raise self._bad
