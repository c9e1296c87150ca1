"""The rows of training and validation part: one matrix, and the two parts as views of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tenure.training.encoded_part import EncodedPart
from tenure.training.families import Rows


@dataclass(frozen=True)
class TrainingRows:
    """All rows that training may use; none of the test part."""

    train: EncodedPart
    """On which a model is fitted for validation."""
    validation: EncodedPart
    """On which it is measured, and its calibration and threshold are chosen."""
    both: Rows
    """On which the shipped model is fitted: the training part's rows, then the validation part's."""


def join(train: EncodedPart, validation: EncodedPart) -> TrainingRows:
    """One matrix of both; the caller must drop the parts given, so that no row is held twice."""
    both = Rows(
        np.concatenate([train.matrix, validation.matrix]),
        np.concatenate([train.label, validation.label]),
    )
    end = len(train.label)
    return TrainingRows(
        train=replace(train, matrix=both.matrix[:end], label=both.label[:end]),
        validation=replace(validation, matrix=both.matrix[end:], label=both.label[end:]),
        both=both,
    )
