"""Contributions of the source columns, and the largest of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.ensemble import ColumnExplainer, EnsembleExplainer, EnsembleTerms
from tenure.explanation.interactions import InteractionExplainer, InteractionTerms
from tenure.explanation.linear import LinearExplainer
from tenure.explanation.model import FlatTrees, LinearTerms, Terms
from tenure.explanation.quadratic import QuadraticExplainer, QuadraticTerms
from tenure.explanation.sampling import SamplingExplainer
from tenure.explanation.trees import TreeExplainer


class Reason(NamedTuple):
    """The contribution of one column to one prediction."""

    column: str
    contribution: float
    """Its contribution to the margin, in log-odds, as a probability for the ``identity`` link, or in the label's unit
    for regression; a positive one raises the risk or the value."""


class Explainer:
    """Explains rows of the encoded matrix in terms of the columns that the features were made from.

    Contributions are exact for linear and polynomial models, discriminant analysis, naive Bayes and trees. For
    networks, neighbours and kernel machines they are sampled, and still add up exactly (see ``sampling``).

    Raises:
        ValueError: the model reads a feature that has no source.
    """

    def __init__(self, terms: Terms, sources: Sequence[str]) -> None:
        for part in terms.members if isinstance(terms, EnsembleTerms) else (terms,):
            # Trees need not split on every feature; other models have a weight for each.
            if part.width > len(sources) or (not isinstance(part, FlatTrees) and part.width != len(sources)):
                raise ValueError(f"the model reads {part.width} features, the transform makes {len(sources)}")
        self.columns = tuple(dict.fromkeys(sources))
        """Source columns, in the order of the contributions."""
        place = {column: index for index, column in enumerate(self.columns)}
        self._explainer = _explainer(terms, np.array([place[source] for source in sources]))
        self.expected = self._explainer.expected

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (rows, columns); a row's contributions add up to its margin minus ``expected``."""
        result = np.empty((len(matrix), len(self.columns)))
        for index, row in enumerate(matrix):
            result[index] = self._explainer.contributions(row)
        return result

    def reasons(self, matrix: NDArray[np.float32], top: int) -> list[list[Reason]]:
        """For every row, at most ``top`` columns by absolute contribution, largest first; zeros are left out."""
        every: list[list[Reason]] = []
        for row in self.contributions(matrix):
            # Stable, so that equal contributions keep the order of the columns.
            order = np.argsort(-np.abs(row), kind="stable")[:top]
            every.append([Reason(self.columns[i], float(row[i])) for i in order if row[i] != 0.0])
        return every


class _ByColumn:
    """Contributions by column: Shapley values are additive, so those of a column's features are summed."""

    def __init__(self, by_feature: ColumnExplainer, column_of: NDArray[np.int64]) -> None:
        self._by_feature, self._column_of = by_feature, column_of
        self._columns = int(column_of.max()) + 1
        self.expected = by_feature.expected

    def contributions(self, row: NDArray[np.float32]) -> NDArray[np.float64]:
        parts = self._by_feature.contributions(row)
        return np.bincount(self._column_of, weights=parts, minlength=self._columns).astype(np.float64, copy=False)


def _explainer(terms: Terms, column_of: NDArray[np.int64]) -> ColumnExplainer:
    if isinstance(terms, EnsembleTerms):
        return EnsembleExplainer(terms, [_explainer(member, column_of) for member in terms.members])
    if isinstance(terms, LinearTerms):
        return _ByColumn(LinearExplainer(terms), column_of)
    if isinstance(terms, QuadraticTerms):
        return _ByColumn(QuadraticExplainer(terms), column_of)
    if isinstance(terms, InteractionTerms):
        return _ByColumn(InteractionExplainer(terms), column_of)
    if isinstance(terms, FlatTrees):
        return _ByColumn(TreeExplainer(terms), column_of)
    return SamplingExplainer(terms, column_of)
