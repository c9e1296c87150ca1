"""Parts of the test rows in which the model is worst, found among all values and ranges of all columns.

Every part is compared with the rows outside it, in mean loss, and its mean prediction with its mean label. Intervals
are normal ones, widened for the number of parts that were looked at (Bonferroni), so that the chance that any of them
is wrong is at most 1 - ``LEVEL``: the worst of eighty parts looks bad by chance alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.slices import cut
from tenure.stats.bootstrap import LEVEL, Estimate, Floats
from tenure.stats.clusters import Ints, count_customers, customers_within, standard_error

MIN_CUSTOMERS = 50
"""In a part and outside it. Below, normal intervals are unreliable, and a row's value may identify a person."""
SHOWN = 8
"""Parts in each of the lists."""

Json = dict[str, Any]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Segment:
    """Rows with one value, or one range of values, of a column."""

    column: str
    value: str
    rows: Bools
    """(n,) whether a row belongs to it."""
    same: tuple[str, ...]
    """``column = value`` of other columns that select the same rows."""

    def to_json(self) -> Json:
        return {
            "column": self.column,
            "value": self.value,
            "same_rows": list(self.same),
            "rows": int(self.rows.sum()),
        }


@dataclass(frozen=True)
class Segments:
    """The parts that are large enough to be measured."""

    found: tuple[Segment, ...]
    too_small: int
    """Parts with fewer than ``MIN_CUSTOMERS`` customers inside or outside."""
    customer: Ints | None
    """(n,) of ``tenure.stats.clusters.customers_of``."""

    def z(self, questions: int) -> float:
        """Half width of an interval in standard errors, where ``questions`` are asked of every part."""
        asked = max(1, questions * len(self.found))
        return NormalDist().inv_cdf(1.0 - (1.0 - LEVEL) / (2.0 * asked))

    def mean(self, values: Floats, rows: Bools) -> tuple[float, float]:
        """Mean of ``values`` (n,) over some rows (n,), and its standard error."""
        inside = values[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            return float(inside.mean()), standard_error(inside, customers_within(self.customer, rows))

    def lead(self, values: Floats, rows: Bools, z: float) -> Estimate:
        """Mean of ``values`` (n,) over some rows less that over the others, with an interval of ``z`` errors."""
        (ours, error), (theirs, other) = self.mean(values, rows), self.mean(values, ~rows)
        return _around(ours - theirs, z * math.hypot(error, other))

    def interval(self, values: Floats, rows: Bools, z: float, variance: Floats | None) -> Estimate:
        """Mean of ``values`` (n,) over some rows, with an interval of ``z`` errors.

        The error is no less than the ``variance`` (n,) that the predicted probabilities imply: fifty rows without a
        churner vary little, and do not show that a probability of 3 % is wrong.
        """
        mean, error = self.mean(values, rows)
        if variance is not None:
            error = max(error, math.sqrt(float(variance[rows].sum())) / int(rows.sum()))
        return _around(mean, z * error)


def _around(value: float, half: float) -> Estimate:
    """An interval; none where squares of the values are too large for a floating-point number."""
    return Estimate(value, value - half, value + half) if math.isfinite(half) else Estimate(value, None, None)


def segments_of(columns: Mapping[str, pa.ChunkedArray | pa.Array], customer: Ints | None) -> Segments:
    """Parts by each of the ``columns``, (n,) each, see ``tenure.evaluation.slices.cut``.

    Parts that hold the same rows are one, and parts of a column with a single value are none.
    """
    named: dict[bytes, tuple[str, str, Bools, list[str]]] = {}
    too_small = 0
    for part in cut(columns):
        if part.rows.all() or not part.rows.any():
            continue
        smallest = min(count_customers(customer, part.rows), count_customers(customer, ~part.rows))
        if smallest < MIN_CUSTOMERS:
            too_small += 1
            continue
        known = named.setdefault(np.packbits(part.rows).tobytes(), (part.column, part.value, part.rows, []))
        if known[2] is not part.rows:
            known[3].append(f"{part.column} = {part.value}")
    found = tuple(Segment(column, value, rows, tuple(same)) for column, value, rows, same in named.values())
    return Segments(found, too_small, customer)


def worst_segments(segments: Segments, errors: RowErrors) -> Json:
    """The parts with the largest loss, and those whose mean prediction is furthest from their mean label.

    Where the outcome is uncertain the loss of the best possible model is large, too. So the loss of probabilities is
    also held against the loss that they expect themselves: ``surprise`` is the difference.
    """
    questions = 2 if errors.expected_loss is None else 3
    z = segments.z(questions)
    records = [_record(segments, segment, errors, z) for segment in segments.found]
    return {
        "tested": len(records),
        "too_small": segments.too_small,
        "min_customers": MIN_CUSTOMERS,
        "level": LEVEL,
        "loss": errors.loss_name,
        "mean_loss": float(errors.loss.mean()),
        "larger_loss": sum(record["loss_state"] == "larger" for record in records),
        "surprising": sum(record["surprise_state"] == "larger" for record in records),
        "miscalibrated": sum(record["gap_state"] != "undecided" for record in records),
        "by_loss": sorted(
            (record for record in records if record["excess"]["value"] > 0.0),
            key=lambda record: (record["loss_state"] != "larger", -record["excess"]["value"]),
        )[:SHOWN],
        "by_gap": sorted(
            records, key=lambda record: (record["gap_state"] == "undecided", -abs(record["gap"]["value"]))
        )[:SHOWN],
    }


def _record(segments: Segments, segment: Segment, errors: RowErrors, z: float) -> Json:
    rows = segment.rows
    excess = segments.lead(errors.loss, rows, z)
    gap = segments.interval(errors.predicted - errors.true, rows, z, errors.variance)
    expected, surprise = None, None
    if errors.expected_loss is not None:
        expected = float(errors.expected_loss[rows].mean())
        surprise = segments.interval(errors.loss - errors.expected_loss, rows, z, errors.loss_variance)
    return segment.to_json() | {
        "loss": float(errors.loss[rows].mean()),
        "excess": excess.to_json(),
        "loss_state": _state(excess, above="larger"),
        "expected_loss": expected,
        "surprise": None if surprise is None else surprise.to_json(),
        "surprise_state": None if surprise is None else _state(surprise, above="larger"),
        "predicted": float(errors.predicted[rows].mean()),
        "true": float(errors.true[rows].mean()),
        "gap": gap.to_json(),
        "gap_state": _state(gap, above="too_high", below="too_low"),
    }


def _state(difference: Estimate, *, above: str, below: str = "smaller") -> str:
    """What an interval of a difference shows: that it is above 0, that it is below, or neither."""
    if difference.low is not None and difference.low > 0.0:
        return above
    return below if difference.high is not None and difference.high < 0.0 else "undecided"
