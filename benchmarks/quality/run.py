"""The benchmark as a whole: split by split, every table, every method."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from benchmarks.quality.methods import TrainingError, methods
from benchmarks.quality.report import report
from benchmarks.quality.split import Split, kept, prepare
from benchmarks.quality.tables import MissingTableError, chosen_tables

SPLITS = tuple(int(number) for number in os.environ.get("TENURE_BENCH_SPLITS", "1,2,3,4,5").split(","))


def main() -> None:
    """Train what has no result yet, and show the tables."""
    train([name for name, method in methods().items() if method.command is not None])
    show_kept()


def train(names: Sequence[str]) -> None:
    """Train methods, one after the other, where their results are missing.

    Raises:
        SystemExit: there is no such method, or one failed; the others are trained all the same.
    """
    known = methods()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no method is called {', '.join(unknown)}: there are {', '.join(known)}")
    failed = 0
    for split in _splits():
        for name in names:
            try:
                known[name].train(split)
            except TrainingError as error:
                print(f"{split.table} {split.number}: {error}", file=sys.stderr, flush=True)
                failed += 1
    if failed:
        raise SystemExit(f"{failed} trainings failed")


def show_kept() -> None:
    """The tables of the results that are there already; nothing is trained or divided."""
    known = methods().values()
    splits = [split for number in SPLITS for table in chosen_tables() if (split := kept(table, number)) is not None]
    report([(split, {method.name: method.result(split) for method in known}) for split in splits])


def _splits() -> Iterator[Split]:
    """All tables' first splits, then their second ones, and so on."""
    missing: set[str] = set()
    tables = chosen_tables()
    for number in SPLITS:
        for table in tables:
            if table.name in missing:
                continue
            try:
                yield prepare(table, number)
            except MissingTableError as error:
                print(f"{table.name} is left out: {error}", file=sys.stderr)
                missing.add(table.name)
