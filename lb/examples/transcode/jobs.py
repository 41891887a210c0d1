"""Real jobs for transcode.toml: clips from ffmpeg's test sources, worked on by ffmpeg behind the proxy.

    python3 jobs.py [JOBS]

Prints the makespan of the batch beside its lower bound, by the makespan rule and round-robin. The bound is of
each run's own service times: all servers busy until the end.
"""

import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import stage  # noqa: E402
from stage import finishline  # noqa: E402

SERVERS = ("encoder-1", "encoder-2", "encoder-3")
STARTS = {"thumbnail": b"\xff\xd8\xff", "transcode": b"\x00\x00\x00", "sound": b"\xff\xf1"}


def clip(seconds: int) -> bytes:
    """A test picture with a tone."""
    return subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error",
         "-f", "lavfi", "-i", f"testsrc=size=640x360:rate=25:duration={seconds}",
         "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}",
         "-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-c:a", "mp2", "-f", "mpegts", "pipe:1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


def jobs(count: int) -> list[finishline.Call]:
    """The same ones each time."""
    draw = random.Random(1)
    work = [(list(STARTS)[number % 3], draw.choice((2, 4, 8, 12, 20))) for number in range(count)]
    draw.shuffle(work)
    clips = {seconds: clip(seconds) for seconds in {seconds for _, seconds in work}}
    return [finishline.Call(kind, length=seconds, body=clips[seconds], retryable=True) for kind, seconds in work]


def main() -> None:
    calls = jobs(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
    flags = {name: ["--exec", f"sh '{HERE}/work.sh' {{type}}", "--exec-timeout", "2min"] for name in SERVERS}
    for policy in ("makespan", "round-robin"):
        with stage.Stage(HERE / "transcode.toml", flags, policy) as running:
            outcome = stage.run_batch(running, calls, slots=len(SERVERS))
        for call, reply in zip(calls, outcome.replies):
            assert reply.body.startswith(STARTS[call.type]), f"this is no {call.type}: {reply.body[:20]!r}"
        print(outcome.line(policy), flush=True)


main()
