"""Both models on the test rows that they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.bundle import Bundle
from tenure.errors import InputError
from tenure.evaluation.scoring import TestPart, read_test_part
from tenure.report.comparison.side import Side
from tenure.stats.bootstrap import Estimate
from tenure.stats.clusters import customers_of
from tenure.tasks import get

MIN_ROWS = 100

Json = dict[str, Any]


@dataclass(frozen=True)
class Paired:
    """Differences of metrics, second less first, on rows that neither model was trained on."""

    rows: int
    differences: dict[str, Estimate]
    """By metric; empty where there are none."""
    why_not: str
    """Why there are none."""


@dataclass(frozen=True)
class _Scored:
    """A model, and the test rows that it was evaluated on."""

    bundle: Bundle
    test: TestPart

    @property
    def identity(self) -> np.ndarray:
        """(rows,) text by which each row is known."""
        contract = self.bundle.contract
        key = self.test.table.column(contract.key_column).cast(pa.string()).to_pylist()
        if self.test.customer is None or contract.row_time is None:
            return np.array(key, dtype=np.str_)
        times = self.test.table.column(contract.row_time).to_pylist()
        return np.array([f"{one} at {time}" for one, time in zip(key, times, strict=True)], dtype=np.str_)

    def at(self, places: np.ndarray) -> TestPart:
        """Some of the rows, (n,) places."""
        customer = None if self.test.customer is None else customers_of(self.test.customer[places])
        return TestPart(self.test.table.take(pa.array(places)), self.test.label[places], customer)


def paired(first: Side, second: Side) -> Paired:
    """Score the test rows that both have, and compare.

    A row is known by its key, and by its time where a customer has several. Models are scored on their own features of
    the row; the label, the metrics and the bootstrap are those of the second's contract.
    """
    try:
        sides = [_read(side) for side in (first, second)]
        old, new = sides
        if old is None or new is None:
            missing = first.name if old is None else second.name
            return Paired(0, {}, f"the model or the test rows of {missing} are not at hand")
        return _compared(old, new)
    except InputError as error:
        return Paired(0, {}, f"they cannot be scored on the same rows: {error}")


def _read(side: Side) -> _Scored | None:
    if side.bundle is None or side.features is None:
        return None
    return _Scored(side.bundle, read_test_part(side.features / "test.parquet", side.bundle.contract))


def _compared(old: _Scored, new: _Scored) -> Paired:
    _, before, after = np.intersect1d(old.identity, new.identity, assume_unique=True, return_indices=True)
    if len(after) < MIN_ROWS:
        return Paired(len(after), {}, f"their test parts have {len(after)} rows in common, fewer than {MIN_ROWS}")
    order = np.argsort(after)
    here, there = old.at(before[order]), new.at(after[order])
    different = int(np.sum(here.label != there.label))
    if different:
        return Paired(len(order), {}, f"{different} of their {len(order)} common test rows have different labels")
    task = get(new.bundle.contract.task)
    evaluator = task.evaluator(new.bundle.contract, there, new.bundle)
    candidate = evaluator.predict(new.bundle, there.table)
    return Paired(len(order), evaluator.paired(candidate, evaluator.predict(old.bundle, here.table)), "")
