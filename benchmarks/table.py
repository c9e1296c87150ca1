"""The report of a benchmark: rows of figures under a line with machine, date, revision and command."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True)
class Row:
    """One figure: its name, its value with the unit, and the target or reference."""

    what: str
    value: str
    against: str = ""


def machine() -> str:
    """Processor model, cores and memory, in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, {interpreter()}"


def interpreter() -> str:
    """Python's version, and whether it was configured to be optimized by a profile, as that of the images is."""
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return f"Python {platform.python_version()}{' with --enable-optimizations' if optimized else ''}"


def revision(tree: Path | None = None) -> str:
    """The commit measured, of the checkout ``tree`` or the current folder; ``unknown`` outside a checkout."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    answer = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"


def show(title: str, rows: Sequence[Row]) -> None:
    """Print ``rows`` as a Markdown table."""
    heading(title)
    table(["what", "figure", "against"], [[row.what, row.value, row.against] for row in rows])


def heading(title: str) -> None:
    """Print a title, and under it the machine, the date, the revision and the command."""
    print(f"\n## {title}\n")
    print(f"{machine()}; {datetime.now(UTC):%Y-%m-%d}; revision {revision()}; `python {' '.join(sys.orig_argv[1:])}`\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table, a row as soon as it is known."""
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def best_of(work: Callable[[], object], repeats: int = 5) -> float:
    """Shortest wall time of ``repeats`` calls, in seconds: the one least disturbed by the machine."""
    shortest = float("inf")
    for _ in range(repeats):
        start = perf_counter()
        work()
        shortest = min(shortest, perf_counter() - start)
    return shortest


def side_by_side(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 7
) -> tuple[float, float, float]:
    """Seconds of both, and the median over rounds of theirs ÷ ours: noise that lasts a round cancels."""
    pairs = []
    for index in range(rounds):
        order = (ours, theirs) if index % 2 == 0 else (theirs, ours)
        times = {work: best_of(work, repeats=1) for work in order}
        pairs.append((times[ours], times[theirs]))
    ratios = sorted(slow / fast for fast, slow in pairs)
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs), ratios[len(ratios) // 2]
