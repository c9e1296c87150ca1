"""Which inputs and derived features the model reads, decided on the training part alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from tenure.checks import labels_of
from tenure.contract import Contract
from tenure.contract.monotone import directions
from tenure.contract.schema import LABEL_COLUMN
from tenure.features.reduction.blocks import blocks_of
from tenure.features.reduction.importance import weakest
from tenure.features.reduction.likeness import are_equal
from tenure.features.reduction.redundancy import Dropped, redundant
from tenure.stats.folds import Folds, divide
from tenure.stats.row_sample import Sample
from tenure.tasks import get
from tenure.transform import LabelColumn, Tables, Transform, encode_training_rows
from tenure.transform.state import Number

FILE_NAME = "reduction.json"
MAX_ROWS = 20_000
"""Rows of the training part that are compared; what is found equal there is held against all others."""
FOLDS = 3


@dataclass(frozen=True)
class Reduction:
    """What the model does not read."""

    rows: int
    """Of the training part, that were compared."""
    dropped: tuple[Dropped, ...]
    """In the contract's order."""
    importance: dict[str, float]
    """By source, where ``features.max`` asked for it."""

    @property
    def columns(self) -> frozenset[str]:
        """Names of the inputs and derived features that are not read."""
        return frozenset(each.column for each in self.dropped)

    def to_json(self) -> str:
        """The content of ``reduction.json``."""
        document = {
            "rows": self.rows,
            "dropped": [each.to_dict() for each in self.dropped],
            "importance": self.importance,
        }
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def reduce(contract: Contract, training: Tables, transform: Transform, label: LabelColumn | None = None) -> Reduction:
    """Compare the encoded columns on rows of the training part, and measure them where the contract limits them.

    Args:
        contract: limits in ``features``.
        training: the training part; called with column names, it returns batches of them.
        transform: fitted on the training part.
        label: by which columns are measured; None for the contract's own label column.

    Raises:
        DataError: with ``features.max`` the training part has too few rows to be divided.
    """
    if label is None:
        label = LabelColumn(contract.label_column or LABEL_COLUMN, partial(labels_of, contract))
    rows, count = _sample(contract, training, transform, label)
    matrix = transform.encode({name: rows.column(name) for name in transform.inputs}).matrix
    blocks = blocks_of(transform.features, matrix)
    if not len(matrix) or len(blocks) < 2:
        return Reduction(len(matrix), (), {})
    limits = contract.features
    rare = {each.name for each in transform.state.encodings if not isinstance(each, Number) and not each.values}
    dropped = redundant(blocks, limits.drop_correlated, first=directions(contract), rare=rare)
    if count > len(matrix):
        dropped = _confirmed(dropped, training, transform)
    importance: dict[str, float] = {}
    if limits.max is not None and len(blocks) - len(dropped) > limits.max:
        weak, importance = _weak(
            contract, rows, transform.without({each.column for each in dropped}), label, limits.max
        )
        dropped += weak
    order = {block.name: place for place, block in enumerate(blocks)}
    return Reduction(len(matrix), tuple(sorted(dropped, key=lambda each: order[each.column])), importance)


def _sample(contract: Contract, training: Tables, transform: Transform, label: LabelColumn) -> tuple[pa.Table, int]:
    """At most ``MAX_ROWS`` rows, and how many there are."""
    time = contract.row_time
    names = dict.fromkeys([*transform.inputs, contract.key_column, label.name, *([time] if time else [])])
    sample, count = Sample(MAX_ROWS), 0
    for batch in training(list(names)):
        sample.add(batch)
        count += batch.num_rows
    return sample.rows, count


def _confirmed(dropped: Sequence[Dropped], training: Tables, transform: Transform) -> list[Dropped]:
    """Those of ``dropped`` that hold in every batch of the training part; correlations are those of the sample.

    A batch may have one value only: it contradicts no equality, and a constant only by another value.
    """
    left = list(dropped)
    constants: dict[str, bytes] = {}
    for batch in training(transform.inputs):
        if not batch.num_rows:
            continue
        matrix = transform.encode({name: batch.column(name) for name in batch.schema.names}).matrix
        blocks = {block.name: block for block in blocks_of(transform.features, matrix)}
        for each in tuple(left):
            block = blocks[each.column]
            if each.reason in ("constant", "rare values"):
                first = constants.setdefault(each.column, block.columns[0].tobytes())
                holds = block.is_constant and block.columns[0].tobytes() == first
            elif each.reason == "equal" and each.other is not None:
                holds = are_equal(blocks[each.other], block)
            else:
                holds = each.reason == "correlated"
            if not holds:
                left.remove(each)
    return left


def _weak(
    contract: Contract, rows: pa.Table, transform: Transform, label_column: LabelColumn, best: int
) -> tuple[list[Dropped], dict[str, float]]:
    """As ``weakest``, for all that ``transform`` encodes."""
    seed = contract.training.seed
    label = label_column.read(rows.column(label_column.name))
    columns = {name: rows.column(name) for name in transform.inputs}
    keys = rows.column(contract.key_column).to_numpy()
    # By target statistics that have seen the labels of the held-out rows, noise would seem to matter.
    matrix = encode_training_rows(transform, columns, label, keys, seed).matrix
    blocks = blocks_of(transform.features, matrix)
    return weakest(blocks, label, _folds(contract, rows, label), best, seed=seed)


def _folds(contract: Contract, rows: pa.Table, label: np.ndarray) -> Folds:
    """Folds of the sample by the rules of the search: by customer, or forward in time."""
    made, time = contract.assembly, contract.row_time
    by_time = contract.split_strategy == "time" and time is not None
    return divide(
        get(contract.task).label.fold_strata(label, FOLDS),
        FOLDS,
        contract.training.seed,
        classes=get(contract.task).label.min_classes,
        key=rows.column(contract.key_column).to_numpy(),
        time=rows.column(time).to_numpy() if by_time else None,
        horizon=None if made is None else made.label.reach,
    )
