"""All benchmarks, and the table of what they reach: `python -m tests.benchmarks` writes docs/performance.md.

`--scale 0.01` runs all of them a hundred times smaller, and prints the table instead.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.goals import KEPT_IN, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "performance.md"
HEADINGS: Final = ("what", "reached", "goal", "peak memory")
INTRODUCTION: Final = """\
# Performance

Ratios of things that are measured side by side in one run; a ratio of `ours : theirs` below 1 means that
ours is faster. `python -m tests.benchmarks` measures all of it again and writes this page.

What is compared is not alike. *script* reads the same files with libyaml and holds them against the schema,
once, and knows no rules between files, no places of mistakes and no platform. *executemany* writes rows that
are ready made, in one transaction, and checks nothing. *a bare route* answers without a database, a token or
a check; *the same SQL behind a bare route* sends a database what the server sends for such a request, its
token's look included, and checks nothing. Checkers of schemas know the schema alone; octodns-sync compares
records of DNS, and asks nobody who is touched.

Of what `validate` of three files does, counted in instructions, two thirds are Python itself, click, PyYAML
and jsonschema_rs as they are loaded, with the regular expressions that they compile; the rest is ours. Values
that were frozen dataclasses took a quarter more: Python compiles six methods of each as it is declared.

Of a plan with nothing changed half is loading: SQLAlchemy, with asyncio, which it always loads, takes as
long as all modules of ours, and pydantic a third of that. Packages that are what they were are known by an
outline that lies beside what was read of them, and are neither built nor judged nor digested; a stamp of
each file, a row of each package and a line of each in the plan are left.

octodns-sync spends five sixths of its few seconds in Python's own loader of YAML, on records of one line
each; a fortieth of that would be less than what a plan takes to be loaded.

Ten thousand files that are read for the first time are divided between two processes, where two processors
are free: a third less time. Where one is busy with something else nothing is won, and processor time stays
what it was. Half of that is libyaml's events, most of which is Python making an object of each.

`clients import` has msgspec read the lines that nothing is wrong with, and pydantic explain the others. A
text that was looked at lately is not looked at again, and no event is made of each row. `apply` writes the
row of its run once, and JSON in which what new packages share is one object; of its memory a third is that
text as it is encoded, copied and written. Without the search for reference cycles, or with more of a file
kept in memory, neither was faster.

A request over HTTP is mostly Python: of a record of usage the server computed for 2.5 ms and PostgreSQL for
1.3, of which waiting, locks and retries (4 of 5,000) were next to nothing. A cursor of the driver for each of
seven statements, SQLAlchemy's part in each, and a thread of its own for the token were half of the server's
part: what is asked often goes without a cursor (70 microseconds for the question about a client, where
SQLAlchemy took 340), and the token is looked at with what it is used for. The rest is one thread, the way to
it (0.4 ms more than a bare route takes, of which middlewares are a fifth), and PostgreSQL, which plans each
statement anew, since none is prepared for longer than a transaction. A write asks in one message and writes
in another. Values are bound: as literals, a third faster, they would stand in the database's log. The other
parser of HTTP that the server could use keeps headers of any length, so that it is not used.
Rates of writes differ by a sixth from run to run, so that those with 32 at once can be below those with 8,
whether 8, 12 or 40 threads work.

A list of all clients is sent while it is read, so that server and client work at the same time; what waits
for a slow reader lies in a file, and holds no transaction. A line costs the client some fourteen microseconds
with all around it, five to read it and four to write it, and the server twenty: rows, values and the line in
about equal parts. Compressing costs both 1.6.

A plan over HTTP makes the same questions. A seventh of it waits for the server, and a tenth builds pydantic's
models of bodies, most of which it never uses; FastAPI takes no bodies whose models are built later.

What keeps holders from being found 25 times as fast as by a scan: to ask about a hundred packages takes
milliseconds whoever holds them, for the list of questions and what is made of the answers, and this machine
scans two hundred thousand subscriptions in a few tens of them. What a plan asks of the store grows with the
holders of what changed: a hundred of each package there, one of each here, a tenth of a second in all; the
rest of a plan became so short that this shows in the whole. One statement answers any list of questions;
beside one that is written for a single question it counts a million holders in three to four times the time,
which was not taken apart.

What grows in memory with a file's size is SQLite's own cache, 16 MiB for who reads; what fills it depends on
the command.

An assignment, which is an event, meets another transaction oftener than the beginning of a cycle, which is
none: it reads its package too. Of 25,600 of each on PostgreSQL some 600 and some 400 were tried again. On a
busy machine they were alike.

What keeps 32 calls in flight from the ideal rate: a call costs the client some 0.45 milliseconds of its one
interpreter, where 1,600 calls a second leave it 0.625. Requests are sent by httpcore's pool; httpx before it
was half of each.
"""


def machine() -> str:
    """Say what it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    what = f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {system}"
    return f"{what}, Python {platform.python_version()}; load before the run {os.getloadavg()[0]:.1f}."


def page(rows: Iterable[Row], about: str) -> Iterator[str]:
    cells = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells for row in rows)]
    yield INTRODUCTION
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d} on {about}\n"
    yield from (f"| {' | '.join(each)} |" for each in cells)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="how large everything is; 1 is the whole size"
    )
    parser.add_argument(
        "tests", nargs="*", default=["tests/benchmarks"], help="files of tests; all by default"
    )
    asked = parser.parse_args()
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "rows"
        kept.touch()
        settings = {KEPT_IN: str(kept), "RECONCILER_BENCHMARK_SCALE": str(asked.scale)}
        command = [sys.executable, "-m", "pytest", "-m", "benchmark", "-q", "-s", "-n", "0", *asked.tests]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=False).returncode
        rows = [Row(**json.loads(line)) for line in kept.read_text(encoding="utf-8").splitlines()]
    text = "\n".join(page(rows, about)) + "\n"
    if asked.scale < 1 or asked.tests != ["tests/benchmarks"]:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
