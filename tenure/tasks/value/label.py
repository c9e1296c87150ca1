"""The label of a regression: a finite number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.stats.strata import stratify
from tenure.tasks.label import Labels

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.checks import Check
    from tenure.checks.observed import Observed
    from tenure.contract import Contract
    from tenure.stats import Sketch

MIN_STRATUM_CUSTOMERS = 20
"""Customers of a stratum of the split: each part gets some of them."""

MIN_STRATUM_ROWS_PER_FOLD = 2
"""Rows of a stratum of the folds, in every fold."""


class NumberLabel:
    """See ``tenure.tasks.label.Label``."""

    dtype = np.float64
    min_classes = 1

    def read(self, contract: Contract, column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:  # noqa: ARG002 as it is
        import pyarrow as pa
        import pyarrow.compute as pc

        number: NDArray[np.float64] = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return number

    def invalid(self, labels: Labels) -> str | None:
        return None if np.isfinite(labels).all() else "a finite number"

    def check_column(self, contract: Contract, observed: Observed, column: Sketch) -> Check:  # noqa: ARG002 no class is counted
        """The label has more than one value."""
        from tenure.checks.label_column import check_number

        return check_number(str(contract.label_column), column)

    def check_part(self, part: str, labels: Labels) -> None:
        if not len(labels) or labels.min() == labels.max():
            found = f"the label is {labels[0]:g} in all of them" if len(labels) else "a model needs some"
            raise DataError(f"the {part} part of the split has {len(labels)} rows: {found}")

    def check_validation_part(
        self,
        contract: Contract,
        labels: Labels,
        customer: NDArray[np.int64] | None = None,  # noqa: ARG002 the interval is of rows
    ) -> None:
        from tenure.decision.half_width import require_rows

        require_rows(len(labels), contract.decision.interval)

    def split_strata(self, labels: Labels) -> NDArray[np.int8]:
        return stratify(labels, MIN_STRATUM_CUSTOMERS).astype(np.int8)

    def fold_strata(self, labels: Labels, folds: int) -> NDArray[np.integer]:
        least = MIN_STRATUM_ROWS_PER_FOLD * folds
        if len(labels) < 2 * least:
            raise DataError(f"the training part has {len(labels)} rows, {folds} folds need at least {2 * least}")
        return stratify(labels, least)

    def describe_parts(self, parts: Mapping[str, Labels]) -> dict[str, Any]:
        return {
            "label_means": {part: float(labels.mean()) for part, labels in parts.items()},
            "label_spreads": {part: float(labels.std()) for part, labels in parts.items()},
        }

    def describe_shift(self, train: Labels, test: Labels) -> str | None:
        middle, low, high = np.quantile(train, (0.5, 0.25, 0.75))
        median = float(np.median(test))
        if low <= median <= high:
            return None
        return f"the median label is {middle:.4g} in the training part, {median:.4g} in the test part"
