"""The rows that a candidate is made from: one matrix, and its two parts as views of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tenure.training.families import Rows
from tenure.training.parts import Part


@dataclass(frozen=True)
class MakingRows:
    """All rows that a candidate may be made from; the test part has none of them."""

    train: Part
    """What a model learns from while it is judged."""
    validation: Part
    """What it is judged, calibrated and given a threshold by."""
    both: Rows
    """What the model that is shipped learns from: the training part's rows, then the validation part's."""


def join(train: Part, validation: Part) -> MakingRows:
    """One matrix of both; whoever calls lets go of the parts given, so that no row is held twice."""
    both = Rows(
        np.concatenate([train.matrix, validation.matrix]),
        np.concatenate([train.label, validation.label]),
    )
    end = len(train.label)
    return MakingRows(
        train=replace(train, matrix=both.matrix[:end], label=both.label[:end]),
        validation=replace(validation, matrix=both.matrix[end:], label=both.label[end:]),
        both=both,
    )
