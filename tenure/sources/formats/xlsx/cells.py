"""Cells of a workbook as texts, and columns of them as Arrow arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import pyarrow as pa

from tenure.sources.formats.xlsx.workbook import Cell

LARGEST_EXACT = 2.0**53
"""A workbook's numbers are float64, which represents every integer up to here exactly."""


def text(cell: Cell) -> str:
    """The cell as a CSV would hold it: 3, 2.5, true, 2026-01-31."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if _is_whole(cell) else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    return str(cell)


def to_array(cells: Sequence[Cell]) -> pa.Array:
    """A column in the type that all its cells have: boolean, integer, number, date or timestamp; else as text."""
    present = [cell for cell in cells if cell is not None]
    kinds = {type(cell) for cell in present}
    if kinds == {bool}:
        return pa.array(cells, pa.bool_())
    if kinds and kinds <= {int, float}:
        whole = all(_is_whole(cell) for cell in present)  # type: ignore[arg-type]
        numbers = [None if cell is None else int(cell) if whole else cell for cell in cells]  # type: ignore[arg-type]
        return pa.array(numbers, pa.int64() if whole else pa.float64())
    if kinds and kinds <= {date, datetime}:
        return _moments(cells)
    return pa.array([None if cell is None else text(cell) for cell in cells], pa.string())


def _moments(cells: Sequence[Cell]) -> pa.Array:
    moments = [datetime(c.year, c.month, c.day) if type(c) is date else c for c in cells]  # noqa: DTZ001
    if all(moment is None or moment.time() == time() for moment in moments):  # type: ignore[union-attr]
        return pa.array([None if moment is None else moment.date() for moment in moments], pa.date32())  # type: ignore[union-attr]
    return pa.array(moments, pa.timestamp("us"))


def _is_whole(number: float) -> bool:
    return number == number // 1 and abs(number) <= LARGEST_EXACT
