"""The rows of training and validation part as one matrix, and the folds that all of them are predicted by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.values import Text, Value
from tenure.stats.folds import Folds, forward
from tenure.tasks import get
from tenure.training.encoded_part import EncodedPart, folds_of
from tenure.training.families import Rows


@dataclass(frozen=True)
class TrainingRows:
    """All rows that training may use; none of the test part."""

    train: EncodedPart
    """In which parameters were searched."""
    validation: EncodedPart
    """Whose rows the search has not seen; of a table by time the newest."""
    both: Rows
    """On which the shipped model is fitted: the training part's rows, then the validation part's."""
    folds: Folds
    """Of ``both``: which rows are predicted by models of which others."""
    held: EncodedPart
    """The rows that some fold holds out, in the order of ``both``: what models are calibrated and compared on."""
    held_index: NDArray[np.int64]
    """Where they stand in ``both``; shape (held,)."""

    @classmethod
    def of(cls, part: EncodedPart, contract: Contract, folds: int) -> TrainingRows:
        """All rows of one part of a table that is not divided by time.

        Raises:
            DataError: there are too few rows, or too few of a class.
        """
        every = np.arange(len(part.label))
        divided = folds_of(part, contract, folds)
        return cls(part, part, Rows(part.matrix, part.label, part.monotone), divided, part, every)


def join(train: EncodedPart, validation: EncodedPart, contract: Contract) -> TrainingRows:
    """One matrix of both, and the folds of cross-fitting.

    Folds over both parts where time plays no part. In a table by time the validation part is the one held-out block:
    it lies after the training part, and under an embargo where labels look ahead.

    The caller must drop the parts given, so that no row is held twice.

    Raises:
        DataError: there are too few rows, or too few of a class.
    """
    whole = joined(train, validation)
    end = len(train.label)
    if contract.split_strategy == "time":
        strata = get(contract.task).label.fold_strata(whole.label, contract.training.folds)
        folds = forward(strata, end, contract.training.seed)
    else:
        folds = folds_of(whole, contract)
    held = np.sort(np.concatenate([fold.held for fold in folds.folds]))
    return TrainingRows(
        train=rows_of(whole, slice(0, end)),
        validation=rows_of(whole, slice(end, None)),
        both=Rows(whole.matrix, whole.label, whole.monotone),
        folds=folds,
        held=whole if len(held) == len(whole.label) else rows_of(whole, held),
        held_index=held,
    )


def joined(first: EncodedPart, second: EncodedPart) -> EncodedPart:
    """The rows of two parts in one matrix."""
    time = None if first.time is None or second.time is None else np.concatenate([first.time, second.time])
    return EncodedPart(
        matrix=np.concatenate([first.matrix, second.matrix]),
        label=np.concatenate([first.label, second.label]),
        key=np.concatenate([first.key, second.key]),
        time=time,
        segment_columns={
            name: _concatenated(values, second.segment_columns[name]) for name, values in first.segment_columns.items()
        },
        monotone=first.monotone,
    )


def _concatenated(first: Value, second: Value) -> Value:
    if isinstance(first, Text) and isinstance(second, Text):
        if first.words == second.words:
            return Text(np.concatenate([first.codes, second.codes]), first.words)
        moved = np.where(second.codes < 0, second.codes, second.codes + len(first.words))
        return Text(np.concatenate([first.codes, moved]).astype(np.int32), (*first.words, *second.words))
    return np.concatenate([np.asarray(first), np.asarray(second)])


def rows_of(part: EncodedPart, which: slice | NDArray[np.int64]) -> EncodedPart:
    """Some of a part's rows, by their places."""
    return EncodedPart(
        matrix=part.matrix[which],
        label=part.label[which],
        key=part.key[which],
        time=None if part.time is None else part.time[which],
        segment_columns={
            name: Text(values.codes[which], values.words) if isinstance(values, Text) else values[which]
            for name, values in part.segment_columns.items()
        },
        monotone=part.monotone,
    )
