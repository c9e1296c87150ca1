"""Runs the leakage check on a sample of the training part."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.checks import Check, labels_of
from tenure.checks.leakage import ADVICE, Table, check_leakage
from tenure.checks.leakage.copies import check_copies
from tenure.checks.leakage.identity import check_identity
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN, ROW_COLUMN
from tenure.errors import DataError
from tenure.stats.clusters import customers_of
from tenure.stats.row_sample import Sample
from tenure.transform import Tables, Transform

MAX_ROWS = 50_000
"""Largest number of rows that are checked: leakage shows in a sample of this size or not at all."""

SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class Findings:
    """What the leakage check found."""

    name: str
    """The contract's."""
    rows: int
    """Rows of the training part that were checked."""
    checks: list[Check]

    @property
    def warnings(self) -> list[str]:
        """Messages of the findings that do not stop a run."""
        return [check.message for check in self.checks if check.level == "warn"]

    def to_json(self) -> str:
        """The content of ``leakage.json``."""
        document = {"rows": self.rows, "checks": [asdict(check) for check in self.checks]}
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def raise_if_stopped(self) -> None:
        """Raise an error if a feature reveals the label.

        Raises:
            DataError: names every such feature, with the evidence and what to do.
        """
        failed = [check.message for check in self.checks if check.level == "stop"]
        if failed:
            raise DataError(
                f"'{self.name}' has features that are not known when it predicts: {'; '.join(failed)}. {ADVICE}"
            )


def find_leakage(contract: Contract, training: Tables, transform: Transform) -> Findings:
    """Check the training part for leakage.

    Args:
        contract: limits and allowed features.
        training: the training part; called with column names, it returns batches of them.
        transform: fitted on the training part; computes the derived features.
    """
    rows = _sample(contract, training, transform)
    table = _table(contract, rows, transform)
    checks = check_leakage(contract, table)
    if contract.split.by is not None and table.customer is not None:
        checks += check_identity(table, contract.inputs, table.customer)
    if contract.key is None and contract.row_identity == (contract.key_column,):
        checks.append(check_copies(table, contract.inputs))
    return Findings(contract.name, rows.num_rows, checks)


def _sample(contract: Contract, training: Tables, transform: Transform) -> pa.Table:
    label = contract.label_column or LABEL_COLUMN
    time = contract.row_time
    own = [] if contract.is_assembled else [ROW_COLUMN]
    names = dict.fromkeys([*transform.inputs, contract.key_column, label, *([time] if time else []), *own])
    # A random sample: a fixed stride could coincide with a pattern in the file.
    sample = Sample(MAX_ROWS)
    for batch in training(list(names)):
        sample.add(batch)
    return sample.rows


def _table(contract: Contract, rows: pa.Table, transform: Transform) -> Table:
    orders = {}
    if contract.key is None:
        orders[f"order of the key '{contract.key_column}'"] = _places(rows.column(contract.key_column))
    if not contract.is_assembled:
        orders["order of the rows in the source"] = _places(rows.column(ROW_COLUMN))
    time = contract.row_time
    return Table(
        values=transform.values({name: rows.column(name) for name in transform.inputs}),
        label=labels_of(contract, rows.column(contract.label_column or LABEL_COLUMN)),
        orders=orders,
        time=None if time is None else _days(rows.column(time)),
        customer=customers_of(rows.column(contract.key_column)),
    )


def _places(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """(rows,) dense rank of each value: numbers by size, text alphabetically; equal values share a rank."""
    return np.asarray(pc.rank(column, tiebreaker="dense").to_numpy(), dtype=np.float64)


def _days(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """(rows,) days since 1970-01-01."""
    microseconds = column.cast(pa.timestamp("us", "UTC" if getattr(column.type, "tz", None) else None))
    return np.asarray(microseconds.cast(pa.int64()).to_numpy() / (SECONDS_A_DAY * 1e6), dtype=np.float64)
