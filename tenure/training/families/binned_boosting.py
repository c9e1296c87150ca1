"""Scikit-learn's histogram gradient boosting with bins that outlive a fit. Import it where a model is fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

Binned = tuple[Any, NDArray]
"""The fitted bin mapper, and the bins of the rows, uint8."""


class _KeptBins:
    """Takes the bins of an estimator of the library from ``kept`` and looks for them without weights.

    Under weights the library sorts a column anew for each of its bins' edges: on 50,000 rows that takes longer than the
    boosting. Where the edges lie hardly matters; what each bin weighs in a split does, and that is as it was.
    """

    kept: Callable[[Callable[[], Binned]], Binned]
    """Calls what makes the bins, or answers with those made before."""
    _bin_mapper: Any

    def _bin_data(self, X: NDArray, sample_weight: NDArray | None, is_training_data: bool) -> NDArray:
        if not is_training_data:
            binned: NDArray = super()._bin_data(X, sample_weight, is_training_data)  # type: ignore[misc]
            return binned
        mapper = self._bin_mapper
        self._bin_mapper, binned = self.kept(lambda: (mapper, mapper.fit_transform(X)))
        return binned


class BinnedBoosting(_KeptBins, HistGradientBoostingClassifier):  # type: ignore[misc]  # the library has no types
    """The library's classifier with kept bins."""


class BinnedRegressionBoosting(_KeptBins, HistGradientBoostingRegressor):  # type: ignore[misc]
    """The library's regressor with kept bins."""
