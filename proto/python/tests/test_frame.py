"""The bytes of frames, as PROTOCOL.md shows them."""

from __future__ import annotations

import re
import unittest

from finishline.errors import ProtocolError
from finishline.frame import ANSWERS, KNOWN_FLAGS, REQUESTS, BadFrame, Decoder, Frame, Header, Kind, decode_header, encode

from .programs import REPOSITORY


def worked_examples() -> list[bytes]:
    """The hexadecimal blocks of the manual's worked example: the request, the server's reply, the proxy's."""
    text = (REPOSITORY / "proto/PROTOCOL.md").read_text()
    section = text.split("### Worked example")[1].split("\n### ")[0]
    blocks = re.findall(r"```text\n(.*?)```", section, re.S)
    return [bytes.fromhex("".join(re.sub(r"^[0-9a-f]+ {3}", "", line) for line in block.splitlines()))
            for block in blocks]


def decoded(decoder: Decoder, data: bytes) -> list[Frame]:
    decoder.feed(data)
    return list(decoder)


class WorkedExample(unittest.TestCase):
    def test_there_are_three_frames_in_the_manual(self) -> None:
        self.assertEqual([len(example) for example in worked_examples()], [35, 35, 35])

    def test_a_request(self) -> None:
        header = Header(Kind.REQUEST, ord("V"), flags=1, id=7, length=5, detail=2000)
        self.assertEqual(encode(header, b"cat"), worked_examples()[0])

    def test_a_servers_reply(self) -> None:
        header = Header(Kind.REPLY, ord("V"), flags=1, id=0x100000002, length=5, service_us=5003, origin=12000)
        self.assertEqual(encode(header, b"cat"), worked_examples()[1])

    def test_a_proxys_reply(self) -> None:
        [frame] = decoded(Decoder(ANSWERS), worked_examples()[2])
        self.assertEqual((frame.header.id, frame.header.service_us, frame.header.origin, frame.body), (7, 5003, 1, b"cat"))


class Decoding(unittest.TestCase):
    def test_frames_may_come_in_pieces_of_any_size(self) -> None:
        stream = worked_examples()[0] * 3 + encode(Header(Kind.PING, id=9))
        for size in range(1, len(stream) + 1):
            decoder = Decoder(REQUESTS)
            frames = [frame for at in range(0, len(stream), size) for frame in decoded(decoder, stream[at:at + size])]
            self.assertEqual([frame.header.id for frame in frames], [7, 7, 7, 9], f"pieces of {size}")
            self.assertEqual([frame.body for frame in frames], [b"cat"] * 3 + [b""])
            self.assertFalse(decoder.mid_frame)

    def test_a_cut_frame_is_noticed(self) -> None:
        for length in range(1, 35):
            decoder = Decoder(REQUESTS)
            self.assertEqual(decoded(decoder, worked_examples()[0][:length]), [])
            self.assertTrue(decoder.mid_frame)

    def test_what_makes_no_sense_ends_it(self) -> None:
        good = bytearray(worked_examples()[0])
        for place, value in ((4, 2), (5, 0), (5, 2), (5, 200), (7, 0x80)):
            bad = bytearray(good)
            bad[place] = value
            decoder = Decoder(REQUESTS)
            decoder.feed(bytes(good) + bytes(bad))
            frames = iter(decoder)
            self.assertEqual(next(frames).body, b"cat")
            with self.assertRaises(BadFrame) as caught:
                next(frames)
            self.assertEqual(caught.exception.header.id, 7)
            self.assertIsInstance(caught.exception, ProtocolError)
            with self.assertRaises(BadFrame):
                decoded(decoder, bytes(good))

    def test_every_flag_that_is_not_known_is_refused_and_every_known_one_taken(self) -> None:
        for bit in range(8):
            data = encode(Header(Kind.REQUEST, ord("V"), flags=1 << bit))
            if 1 << bit & KNOWN_FLAGS:
                self.assertEqual(len(decoded(Decoder(REQUESTS), data)), 1)
            else:
                self.assertRaises(BadFrame, decoded, Decoder(REQUESTS), data)

    def test_a_body_that_is_too_large_is_skipped_and_not_kept(self) -> None:
        decoder = Decoder(REQUESTS, max_body=10)
        [frame] = decoded(decoder, encode(Header(Kind.REQUEST, ord("V"), id=1), b"x" * 100)[:50])
        self.assertTrue(frame.too_large)
        self.assertEqual((frame.header.body_bytes, frame.body), (100, b""))
        self.assertTrue(decoder.mid_frame)
        self.assertEqual(len(decoder._kept), 0)
        [frame] = decoded(decoder, b"x" * 82 + worked_examples()[0])
        self.assertEqual(frame.body, b"cat")

    def test_an_announced_body_takes_no_memory(self) -> None:
        decoder = Decoder(REQUESTS, max_body=0xFFFFFFFF)
        head = bytearray(encode(Header(Kind.REQUEST, ord("V"))))
        head[0:4] = b"\xff\xff\xff\xff"
        self.assertEqual(decoded(decoder, bytes(head) + b"abc"), [])
        self.assertLess(decoder._kept.__sizeof__(), 4096)

    def test_a_pong_may_have_a_body(self) -> None:
        [pong] = decoded(Decoder(ANSWERS), encode(Header(Kind.PONG, id=3), b'{"cpu_percent": 12}'))
        self.assertEqual((pong.header.kind, pong.header.id), (Kind.PONG, 3))

    def test_64_kib_go_through(self) -> None:
        body = bytes(range(256)) * 256
        [frame] = decoded(Decoder(REQUESTS), encode(Header(Kind.REQUEST, ord("V")), body))
        self.assertEqual(frame.body, body)


class Encoding(unittest.TestCase):
    def test_a_field_that_does_not_fit_is_an_error(self) -> None:
        self.assertRaises(ValueError, encode, Header(Kind.REQUEST, ord("V"), length=1 << 32))
        self.assertRaises(ValueError, encode, Header(Kind.REQUEST, ord("V"), id=-1))

    def test_decoding_undoes_encoding(self) -> None:
        header = Header(Kind.REPLY, ord("m"), 1, (1 << 64) - 1, (1 << 32) - 1, 10, (1 << 32) - 1, (1 << 32) - 1)
        self.assertEqual(decode_header(encode(header)), header)


if __name__ == "__main__":
    unittest.main()
