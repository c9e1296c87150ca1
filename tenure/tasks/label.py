"""The labels of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.checks import Check
    from tenure.checks.observed import Observed
    from tenure.contract import Contract
    from tenure.stats import Sketch

Labels = NDArray[Any]
"""Shape (rows,)."""


class Label(Protocol):
    """Labels of a kind, from the source's column to the folds."""

    @property
    def dtype(self) -> type[np.generic]:
        """Of labels, and of the column ``_label`` in the feature tables."""

    @property
    def min_classes(self) -> int:
        """How many distinct strata a training part must have."""

    def read(self, contract: Contract, column: pa.Array | pa.ChunkedArray) -> Labels:
        """Labels from the source's label column.

        Args:
            column: in its parsed type, without nulls; of an event log the computed labels.

        Raises:
            ContractError: ``label.positive`` is not a value of the label column's type.
        """

    def invalid(self, labels: Labels) -> str | None:
        """What every one of ``labels`` must be, if one is not."""

    def check_column(self, contract: Contract, observed: Observed, column: Sketch) -> Check:
        """The validation gate's check of the label column."""

    def check_part(self, part: str, labels: Labels) -> None:
        """Check that a model can learn from a part of the split, or be tested on it.

        Raises:
            DataError: it has one class, or one value, only.
        """

    def check_validation_part(
        self, contract: Contract, labels: Labels, customer: NDArray[np.int64] | None = None
    ) -> None:
        """Check that the validation part has enough rows for what is chosen in it.

        Args:
            customer: of ``tenure.stats.clusters.customers_of``, shape (rows,).

        Raises:
            DataError: it has too few rows, or too few of a class.
        """

    def split_strata(self, labels: Labels) -> NDArray[np.int8]:
        """Strata whose shares the split keeps in every part, shape (rows,)."""

    def fold_strata(self, labels: Labels, folds: int) -> NDArray[np.integer]:
        """Strata whose shares the folds of cross-validation keep, shape (rows,).

        Raises:
            DataError: there are too few rows for so many folds.
        """

    def describe_parts(self, parts: Mapping[str, Labels]) -> dict[str, Any]:
        """Labels of the parts in figures, for ``split.json``."""

    def describe_shift(self, train: Labels, test: Labels) -> str | None:
        """How the labels of the test part differ from those of the training part, as a phrase; None if not by much."""
