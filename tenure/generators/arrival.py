"""When rows become known: most at once, some late, and some with a correction that comes later still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.generators.business import Rows
from tenure.generators.calendar import DAY, SECOND


@dataclass(frozen=True)
class Delays:
    """How long rows take to become known."""

    prompt_s: float
    """Mean delay of most rows, in seconds."""
    late_share: float
    """Share of rows that come late: by a day at least."""
    late_days: float
    """Mean delay of those beyond the first day, in days."""

    def known_at(self, time: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
        """When rows of these instants became known, in microseconds; (rows,)."""
        prompt = random.exponential(self.prompt_s * SECOND, time.size)
        late = DAY + random.exponential(self.late_days * DAY, time.size)
        # A prompt row is known within the day, so that the late ones can be counted.
        delay = np.where(random.random(time.size) < self.late_share, late, np.minimum(prompt, DAY - SECOND))
        return time + delay.astype(np.int64)


def correct(
    rows: Rows,
    changed: NDArray[np.bool_],
    values: Mapping[str, Any],
    *,
    known_at: str,
    random: np.random.Generator,
    mean_days: float,
) -> Rows:
    """``rows`` with a correction after each row of ``changed``: the same row, known later, with other values.

    Args:
        rows: the rows, with their ids and when they became known.
        changed: which are corrected; (rows,).
        values: of the columns that a correction changes, arrays (corrected rows,).
        known_at: the column that says when a row became known.
        random: draws how much later a correction is known: a minute at least.
        mean_days: the mean of that, in days.
    """
    where = np.flatnonzero(changed)
    after = 60 * SECOND + random.exponential(mean_days * DAY, where.size).astype(np.int64)
    return _with_versions(rows, where, values, known_at, after)


def settle(rows: Rows, values: Mapping[str, Any], *, known_at: str, seconds: NDArray[np.floating]) -> Rows:
    """``rows`` with a second version of each: what was open when it was written down, and is settled later.

    Args:
        rows: the rows as they were first known.
        values: of the columns that are known once a row is settled, arrays (rows,).
        known_at: the column that says when a row became known.
        seconds: how much later each row is settled; (rows,).
    """
    after = SECOND + (seconds * SECOND).astype(np.int64)
    return _with_versions(rows, np.arange(rows.owner.size), values, known_at, after)


def _with_versions(
    rows: Rows, where: NDArray[np.integer], values: Mapping[str, Any], known_at: str, after: NDArray[np.int64]
) -> Rows:
    """``rows`` with another version of the rows ``where`` behind each, known ``after`` so many microseconds."""
    order = np.argsort(np.concatenate([np.arange(rows.owner.size), where]), kind="stable")
    columns: dict[str, Any] = {}
    for name, column in rows.columns.items():
        if name == known_at:
            versions = np.asarray(column)[where] + after
        elif name in values:
            versions = values[name]
        else:
            versions = column.take(pa.array(where)) if isinstance(column, pa.Array) else np.asarray(column)[where]
        if isinstance(column, pa.Array):
            joined = pa.concat_arrays([column, pa.array(versions, column.type)])
            columns[name] = joined.take(pa.array(order))
        else:
            columns[name] = np.concatenate([column, versions])[order]
    return Rows(np.concatenate([rows.owner, rows.owner[where]])[order], columns)
