"""Reads and writes for queries.toml: sqlite3 on a file of its own.

    python3 jobs.py [JOBS]

A third of the jobs are orders that are written. In the end each of them must be in the database, once.
"""

import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import stage  # noqa: E402
from stage import finishline  # noqa: E402

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE item (id INTEGER PRIMARY KEY, price INTEGER);
CREATE TABLE bought (id INTEGER PRIMARY KEY, item INTEGER REFERENCES item, pieces INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO item SELECT i, 100 + i % 900 FROM n;
"""
READ = "SELECT count(*), sum(price) FROM item WHERE id % {} = 0;"
COUNTED = "SELECT count(*), sum(pieces) FROM bought;"


def sqlite(database: str, *flags: str) -> list[str]:
    command = f"sqlite3 -batch -bail -safe {' '.join(flags)} -cmd '.timeout 5000' '{database}'"
    return ["--exec", command, "--exec-timeout", "30s"]


def jobs(count: int) -> list[finishline.Call]:
    draw = random.Random(1)
    calls = []
    for number in range(count):
        if number % 3 == 0:
            order = f"INSERT INTO bought (id, item, pieces) VALUES ({number}, {draw.randint(1, 20000)}, 2);"
            calls.append(finishline.Call("write", length=1, body=order.encode()))
        else:
            calls.append(finishline.Call("read", length=1, body=READ.format(draw.randint(2, 9)).encode(),
                                         retryable=True))
    return calls


def main() -> None:
    calls = jobs(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
    written = sum(call.type == "write" for call in calls)
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/shop.db"
        subprocess.run(["sqlite3", database], input=SCHEMA.encode(), check=True, stdout=subprocess.DEVNULL)
        reader = [*sqlite(database, "-readonly"), "--slots", "2"]
        flags = {"writer": sqlite(database), "reader-1": reader, "reader-2": reader}
        with stage.Stage(HERE / "queries.toml", flags, "makespan") as running:
            outcome = stage.run_batch(running, calls, slots=5)
            with finishline.Client(running.address, types=running.types) as client:
                counted = client.call("read", body=COUNTED.encode()).body.decode().strip()
    writes = [reply.service_s for call, reply in zip(calls, outcome.replies) if call.type == "write"]
    outcome.bound = max(outcome.bound, sum(writes))  # which one server does, one after the other
    assert counted == f"{written}|{2 * written}", f"the database has {counted}"
    assert {reply.origin for call, reply in zip(calls, outcome.replies) if call.type == "write"} == {0}
    print(outcome.line("makespan"))
    print(f"{written} orders written by one server, {len(calls) - written} queries read by "
          f"{len({reply.origin for call, reply in zip(calls, outcome.replies) if call.type == 'read'})}")


main()
