"""The customers about whom the model is most wrong, as a table for a person to look through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tenure.bundle import Bundle
from tenure.contract import Contract
from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.scoring import TestPart
from tenure.stats.bootstrap import Ints

FILE_NAME = "most_wrong.csv"
CUSTOMERS = 100
REASONS = 3
"""Columns with the largest contributions, of each customer."""

Json = dict[str, Any]


@dataclass(frozen=True)
class MostWrong:
    """The table, and what ``evaluation.json`` says of it: no customer's data."""

    table: pa.Table
    record: Json

    def to_csv(self) -> bytes:
        """The table as CSV, in UTF-8."""
        sink = pa.BufferOutputStream()
        csv.write_csv(self.table, sink)
        return bytes(sink.getvalue())


def most_wrong(contract: Contract, bundle: Bundle, test: TestPart, errors: RowErrors) -> MostWrong:
    """The ``CUSTOMERS`` customers with the largest loss, of each its worst row, worst first.

    Columns: key; time, where rows have one; ``_label``, ``_predicted``, ``_loss``; ``_reasons``, the columns that
    moved the prediction most with their contribution to the margin; then the model's raw inputs. Sensitive and ignored
    columns are not among them.
    """
    rows = _worst_rows(errors, test)
    chosen = test.table.take(pa.array(rows))
    inputs = contract.inputs
    answer = bundle.predict({name: chosen.column(name) for name in bundle.transform.inputs}, explain=REASONS)
    identity = [contract.key_column, *([contract.row_time] if contract.row_time is not None else [])]
    columns: dict[str, Any] = {name: _plain(chosen.column(name)) for name in identity}
    columns |= {
        "_label": pa.array(errors.true[rows]),
        "_predicted": pa.array(errors.predicted[rows]),
        "_loss": pa.array(errors.loss[rows]),
        "_reasons": pa.array(
            ["; ".join(f"{one.column} {one.contribution:+.3g}" for one in reasons) for reasons in answer.reasons],
            pa.string(),
        ),
    }
    columns |= {name: _plain(chosen.column(name)) for name in inputs if name not in columns}
    total = float(errors.loss.sum())
    share = min(1.0, float(errors.loss[rows].sum()) / total) if total > 0.0 else 0.0
    record = {
        "file": FILE_NAME,
        "customers": len(rows),
        "loss": errors.loss_name,
        "smallest_loss": float(errors.loss[rows].min()),
        "share_of_loss": share,
        "predicted_too_high": int((errors.predicted[rows] > errors.true[rows]).sum()),
    }
    return MostWrong(pa.table(columns), record)


def _worst_rows(errors: RowErrors, test: TestPart) -> Ints:
    """Rows with the largest loss, of equal ones the earlier; one a customer."""
    order = np.argsort(-errors.loss, kind="stable")
    if test.customer is not None:
        _, first = np.unique(test.customer[order], return_index=True)
        order = order[np.sort(first)]
    return order[:CUSTOMERS]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without a dictionary, which CSV does not have."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
