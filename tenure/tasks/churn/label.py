"""The label of a classification: 1 for a customer who left, 0 for one who stayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.count_text import percent
from tenure.errors import DataError
from tenure.stats.wilson import wilson
from tenure.tasks.label import Labels

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.checks import Check
    from tenure.checks.observed import Observed
    from tenure.contract import Contract
    from tenure.stats import Sketch

MIN_SHIFT = 0.1
"""Difference of the shares of those who left in two parts, and the ratio of their odds, from which it is named."""
MIN_ODDS_RATIO = 2.0


class ClassLabel:
    """See ``tenure.tasks.label.Label``."""

    dtype = np.int8
    min_classes = 2

    def read(self, contract: Contract, column: pa.Array | pa.ChunkedArray) -> NDArray[np.int8]:
        from tenure.checks import positives

        left = column if contract.label_column is None else positives(contract, column)
        return np.asarray(left.to_numpy(zero_copy_only=False)).astype(np.int8)

    def invalid(self, labels: Labels) -> str | None:
        return None if np.isin(labels, (0, 1)).all() else "0 or 1"

    def check_column(self, contract: Contract, observed: Observed, column: Sketch) -> Check:  # noqa: ARG002 the labels were counted row by row
        """Both classes are there, and the smaller one is not too small."""
        from tenure.checks.label_column import check_classes

        return check_classes(contract, observed)

    def check_part(self, part: str, labels: Labels) -> None:
        for kind, what in ((1, "who left"), (0, "who stayed")):
            if not (labels == kind).any():
                raise DataError(f"the {part} part of the split has {len(labels)} rows and no customer {what}")

    def check_validation_part(
        self,
        contract: Contract,  # noqa: ARG002 no setting matters
        labels: Labels,
        customer: NDArray[np.int64] | None = None,
    ) -> None:
        from tenure.decision.fit_calibration import require_rows

        require_rows(labels, customer)

    def split_strata(self, labels: Labels) -> NDArray[np.int8]:
        return labels

    def fold_strata(self, labels: Labels, folds: int) -> NDArray[np.integer]:  # noqa: ARG002 classes are what they are
        return labels

    def describe_parts(self, parts: Mapping[str, Labels]) -> dict[str, Any]:
        return {
            "positives": {part: int(np.count_nonzero(labels)) for part, labels in parts.items()},
            "churn_rates": {part: round(np.count_nonzero(labels) / len(labels), 6) for part, labels in parts.items()},
        }

    def describe_shift(self, train: Labels, test: Labels) -> str | None:
        before, after = (float(np.mean(labels)) for labels in (train, test))
        low, high = sorted((before, after))
        if high - low < MIN_SHIFT or high * (1 - low) < MIN_ODDS_RATIO * low * (1 - high):
            return None
        if wilson(low, min(len(train), len(test)))[1] > wilson(high, min(len(train), len(test)))[0]:
            return None
        return f"{percent(before)} left in the training part, {percent(after)} in the test part"
