"""Prompts for inference.toml, and how long their answers took.

    python3 jobs.py [JOBS]
"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import stage  # noqa: E402
from stage import finishline  # noqa: E402

SERVERS = ("model-1", "model-2", "model-3")


def jobs(count: int) -> list[finishline.Call]:
    """Most answers are short, some are long, as they are with real models."""
    draw = random.Random(1)
    calls = []
    for _ in range(count):
        tokens = min(400, int(draw.paretovariate(1.2) * 20))
        body = json.dumps({"prompt": "once upon a time", "tokens": tokens}).encode()
        calls.append(finishline.Call("generate", length=tokens, body=body, retryable=True))
    return calls


def main() -> None:
    calls = jobs(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
    flags = {name: ["--exec", f"'{sys.executable}' '{HERE}/model.py'", "--keep-alive", "1", "--exec-memory", "1GiB",
                    "--exec-timeout", "1min"] for name in SERVERS}
    for policy in ("makespan", "round-robin"):
        with stage.Stage(HERE / "inference.toml", flags, policy) as running:
            outcome = stage.run_batch(running, calls, slots=len(SERVERS))
            with finishline.Client(running.address, types=running.types) as client:
                try:
                    client.call("generate", body=b"nonsense")
                    raise AssertionError("nonsense was answered")
                except finishline.ServerFailed:
                    pass
        for call, reply in zip(calls, outcome.replies):
            assert len(reply.body) == call.length, f"{len(reply.body)} tokens in the place of {call.length}"
        print(outcome.line(policy), flush=True)


main()
