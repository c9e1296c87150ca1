"""Predictions for every row of a small table, by models that have not seen it: repeated cross-fitting.

A test part of some dozen rows decides nothing. So all rows are divided into folds, several times over, and each fold is
predicted by a model that the whole procedure (see ``procedure``) made of the others. What is estimated is how well the
procedure does with four fifths of the rows: the model that is shipped, of the training and validation part, has about
as many.

The parameters and the family are not chosen anew in each fold. ``benchmarks/small_tables.py`` simulates what that, and
the folds' having rows in common, does to the intervals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure import tasks
from tenure.bundle import read
from tenure.contract import Contract
from tenure.errors import DataError
from tenure.evaluation.repeats import Repeat, Repeats
from tenure.evaluation.scoring import TestPart, read_test_part
from tenure.features.labels import read_labels
from tenure.progress import progress
from tenure.stats.clusters import count_customers
from tenure.stats.folds import divide
from tenure.training.encoded_part import PartName
from tenure.training.procedure import Procedure
from tenure.training.train import FILE_NAME

SMALL_TEST_CUSTOMERS = 300
"""With fewer customers in the test part, or fewer than ``SMALL_TEST_CLASS`` of a class, the table is small."""
SMALL_TEST_CLASS = 40

MOST_ROWS = 5_000
"""Of a small table: with more, rare churners are too few whatever is repeated, and the repeats take minutes."""

FOLDS, REPEATS = 5, 3

MANY_ROWS, REPEATS_OF_MANY = 2_000, 2
"""Of more rows there are fewer repeats, which take as long as the search otherwise."""


def repeat_if_small(contract: Contract, features: Path, candidates: Path) -> Repeats | None:
    """Predictions of the chosen candidate's procedure for all rows, or None where the test part is large enough.

    A table divided by time is never small: its test part lies after the others, which no other division keeps. None
    too where a class has too few customers to be divided into folds.

    Args:
        contract: of the run.
        features: folder of ``feature``; read: the three parts.
        candidates: folder of ``train``; read: ``train.json`` and the chosen bundle.

    Raises:
        DataError: a part has an invalid label.
    """
    if contract.split_strategy == "time":
        return None
    if not is_small(contract, read_test_part(features / "test.parquet", contract)):
        return None
    files = [features / f"{name}.parquet" for name in get_args(PartName)]
    if sum(pq.read_metadata(file).num_rows for file in files) > MOST_ROWS:
        return None
    document = json.loads((candidates / FILE_NAME).read_text(encoding="utf-8"))
    procedure = Procedure.of(contract, document, read(candidates / document["chosen"]).decision)
    try:
        return repeat(procedure, pa.concat_tables(map(pq.read_table, files), promote_options="default"))
    except DataError:  # the test part says that it is too small
        return None


def is_small(contract: Contract, test: TestPart) -> bool:
    """Whether a test part has too few customers, or too few of a class, to decide."""
    if test.customers < SMALL_TEST_CUSTOMERS:
        return True
    if tasks.get(contract.task).label.min_classes < 2:
        return False
    return min(count_customers(test.customer, test.label == kind) for kind in (0, 1)) < SMALL_TEST_CLASS


def repeat(procedure: Procedure, table: pa.Table, repeats: int | None = None) -> Repeats:
    """Predictions for all rows of ``table``, ``repeats`` times, each time by other folds.

    Args:
        repeats: None for as many as the number of rows allows.

    Raises:
        DataError: there are too few rows, or too few customers of a class.
    """
    if repeats is None:
        repeats = REPEATS if table.num_rows <= MANY_ROWS else REPEATS_OF_MANY
    found = []
    for number in range(repeats):
        predictions, order = [], []
        for place, (train, held) in enumerate(_folds(procedure.contract, table, number)):
            progress("cross-fitting the whole procedure", number * FOLDS + place, repeats * FOLDS)
            predictions.append(procedure.fit(_rows(table, train)).predict(_rows(table, held)))
            order.append(held)
        found.append(Repeat(np.concatenate(order), tuple(predictions)))
    return Repeats(table, tuple(found), FOLDS)


def _folds(contract: Contract, table: pa.Table, number: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to fit on and rows held out; all rows of a customer are in one fold."""
    label = tasks.get(contract.task).label
    strata = label.fold_strata(read_labels(table, contract, "the table"), FOLDS)
    key: NDArray[Any] = table.column(contract.key_column).to_numpy()
    for fold in divide(strata, FOLDS, contract.training.seed + number, classes=label.min_classes, key=key).folds:
        yield fold.train, fold.held


def _rows(table: pa.Table, which: NDArray[np.int64]) -> pa.Table:
    return table.take(pa.array(which))
