"""A process for finishline-server --keep-alive: a small recurrent network that goes on with a text.

Its weights are random, so what it says makes no sense; what it takes to say it is real: every token costs two
products of a matrix and a vector. A job is a JSON object, {"prompt": "...", "tokens": 20}.
"""

import json
import math
import random
import struct
import sys
from typing import BinaryIO

LETTERS = "abcdefghijklmnopqrstuvwxyz ,."
STATE = 96
OK, FAILED = 0, 9


class Model:
    def __init__(self) -> None:
        draw = random.Random(7)

        def matrix(rows: int, columns: int) -> list[list[float]]:
            return [[draw.gauss(0, 1 / math.sqrt(columns)) for _ in range(columns)] for _ in range(rows)]

        self._step = matrix(STATE, STATE)
        self._say = matrix(len(LETTERS), STATE)
        self._hear = {letter: [draw.gauss(0, 1) for _ in range(STATE)] for letter in LETTERS}

    def go_on(self, prompt: str, tokens: int) -> str:
        state = [0.0] * STATE
        for letter in prompt.lower():
            if letter in self._hear:
                state = self._next(state, letter)
        said = ""
        for _ in range(tokens):
            scores = [sum(weight * value for weight, value in zip(row, state)) for row in self._say]
            said += LETTERS[scores.index(max(scores))]
            state = self._next(state, said[-1])
        return said

    def _next(self, state: list[float], letter: str) -> list[float]:
        heard = self._hear[letter]
        return [math.tanh(sum(weight * value for weight, value in zip(row, state)) + new)
                for row, new in zip(self._step, heard)]


def answer(model: Model, body: bytes) -> tuple[int, bytes]:
    try:
        job = json.loads(body)
        return OK, model.go_on(job["prompt"], int(job["tokens"])).encode()
    except (ValueError, KeyError, TypeError) as error:
        return FAILED, f"this is no job: {error!r}\n".encode()


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """The protocol of --keep-alive: 4 bytes of length and a body in; a status, 4 bytes of length, a body out."""
    model = Model()
    while len(head := jobs.read(4)) == 4:
        status, body = answer(model, jobs.read(int.from_bytes(head, "big")))
        answers.write(struct.pack(">BI", status, len(body)) + body)
        answers.flush()


serve(sys.stdin.buffer, sys.stdout.buffer)
