"""The validation report for people: one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tenure.atomic import write_text
from tenure.checks import Check, Counts, Validation
from tenure.checks.leakage import allowed
from tenure.contract import Column, Contract
from tenure.contract.sources import table_folder
from tenure.report.templates import environment
from tenure.stats import Sketch

BINS = 24
TOP_VALUES = 8
SHOWN_ROWS = 20
"""Rows of the quarantine, of those set aside, and of the rejected ones, in the report."""
COUNTING = (
    "types",
    "nulls",
    "range",
    "values",
    "keys",
    "label",
    "future",
    "identical",
    "outliers",
    "orphans",
    "before_customer",
    "versions",
    "late",
    "known_before_time",
    "clock",
)
"""Checks whose ``observed`` counts what is wrong."""
WIDTH, HEIGHT = 240, 56
"""Of a histogram, in its own units."""


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: its place in units of the drawing, and what it says."""

    x: float
    y: float
    width: float
    height: float
    says: str


@dataclass(frozen=True)
class ColumnSummary:
    """What the report shows of a column of the good rows."""

    name: str
    column: Column
    missing: float
    facts: list[tuple[str, str]]
    bars: list[Bar]
    values: list[tuple[str, float]]
    """Most frequent texts and their shares of all rows."""


@dataclass(frozen=True)
class Unused:
    """The first rows of a table that are not good, each with ``row``, ``reason`` and ``text``."""

    quarantined: list[dict[str, Any]] = field(default_factory=list)
    set_aside: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    orphaned: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TableSection:
    """What the report shows of one table."""

    name: str
    """Empty where there is only one."""
    counts: Counts
    columns: list[ColumnSummary]
    unused: Unused


def write_page(
    path: Path,
    validation: Validation,
    contract: Contract,
    sketches: Mapping[str | None, Sketch],
    *,
    raw: Path,
    valid: Path,
) -> None:
    """Write the report of a validation to ``path``.

    Args:
        path: the HTML file.
        validation, contract, sketches: as for ``render``.
        raw: folder of ``ingest``; read: the rejected rows.
        valid: folder of ``validate``; read: the rows that are not used.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    unused = {table: _unused(table_folder(raw, table), table_folder(valid, table)) for table in sketches}
    write_text(path, render(validation, contract, sketches, unused))


def _unused(raw: Path, valid: Path) -> Unused:
    return Unused(
        quarantined=_first_rows(valid / "quarantine.parquet"),
        set_aside=_first_rows(valid / "set_aside.parquet"),
        rejected=_first_rows(raw / "rejected.parquet"),
        orphaned=_first_rows(valid / "orphans.parquet"),
        duplicates=_first_rows(valid / "duplicates.parquet"),
    )


def _first_rows(path: Path) -> list[dict[str, Any]]:
    """The first ``SHOWN_ROWS`` rows of a Parquet file; none where a table has no such file."""
    if not path.exists():
        return []
    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=SHOWN_ROWS), None)
    return [] if batch is None else batch.to_pylist()


def render(
    validation: Validation,
    contract: Contract,
    sketches: Mapping[str | None, Sketch],
    unused: Mapping[str | None, Unused],
) -> str:
    """The report as HTML. Everything that comes from the table is escaped.

    Args:
        validation, contract: what was found, and the rules.
        sketches: of the good rows, by table as ``Validated.sketches``.
        unused: some of the rows that are not good, by table.
    """
    templates = environment()
    templates.filters["mark"] = _mark
    template = templates.get_template("validation.html")
    several = len(sketches) > 1
    sections = [
        TableSection(
            name=str(table) if several else "",
            counts=validation.tables.get(str(table), validation.rows),
            columns=[_summary(name, column, sketch) for name, column in sketch.columns.items()],
            unused=unused[table],
        )
        for table, sketch in sketches.items()
    ]
    return template.render(
        v=validation,
        contract=contract,
        tables=sections,
        allowed=allowed(contract),
        width=WIDTH,
        height=HEIGHT,
    )


def _mark(check: Check) -> str:
    """A check's level; ``noted`` where it passes because few rows are concerned, not because none is."""
    return "noted" if check.level == "pass" and check.name in COUNTING and check.observed else check.level


def _summary(name: str, column: Column, sketch: Sketch) -> ColumnSummary:
    rows = max(sketch.rows, 1)
    missing = sketch.missing[name] / rows
    if column.type in ("integer", "number"):
        numbers = sketch.numbers(name)
        numbers = numbers[~np.isnan(numbers)]
        return ColumnSummary(name, column, missing, _number_facts(name, numbers, sketch), _histogram(numbers), [])
    if column.is_temporal:
        facts = [("from", str(sketch.lows[name])), ("to", str(sketch.highs[name]))] if name in sketch.lows else []
        return ColumnSummary(name, column, missing, facts, [], [])
    counts: Counter[str] = sketch.texts(name)
    top = [(value, count / rows) for value, count in counts.most_common(TOP_VALUES)]
    facts = [("different values", f"{len(counts):,}")]
    return ColumnSummary(name, column, missing, facts, [], top)


def _number_facts(name: str, numbers: np.ndarray, sketch: Sketch) -> list[tuple[str, str]]:
    if not len(numbers):
        return []
    mean = sketch.sums[name] / (sketch.rows - sketch.missing[name])
    found = {"smallest": sketch.lows[name], "median": np.median(numbers), "mean": mean, "largest": sketch.highs[name]}
    return [(what, f"{value:,.6g}") for what, value in found.items()]


def _histogram(numbers: np.ndarray) -> list[Bar]:
    """Bars of equal width over all of the range; whole numbers of a small range get a bar each."""
    if not len(numbers):
        return []
    low, high = float(numbers.min()), float(numbers.max())
    bins: int | np.ndarray = BINS
    if high - low < BINS and bool(np.all(numbers == np.floor(numbers))):
        bins = np.arange(low - 0.5, high + 1.0)
    counts, edges = np.histogram(numbers, bins=bins)
    step, tallest = WIDTH / len(counts), max(int(counts.max()), 1)
    bars = []
    for place, count in enumerate(counts.tolist()):
        tall = max(HEIGHT * count / tallest, 1.0 if count else 0.0)
        where = f"{edges[place]:,.4g} to {edges[place + 1]:,.4g}"
        if not isinstance(bins, int):
            where = f"{low + place:,.4g}"
        says = f"{where}: {100 * count / len(numbers):.1f} %"
        bars.append(Bar(round(place * step, 2), round(HEIGHT - tall, 2), round(step - 1, 2), round(tall, 2), says))
    return bars
