"""Contributions of the source columns, and the few that matter most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenure.explain.linear import LinearExplainer
from tenure.explain.model import FlatTrees, Terms
from tenure.explain.trees import TreeExplainer


class Reason(NamedTuple):
    """One column's part in one prediction."""

    column: str
    contribution: float
    """What the column adds to the margin (log-odds, or probability for ``identity`` links); positive raises risk."""


class Explainer:
    """Explains rows of the encoded matrix in terms of the columns that the features were made from.

    Shapley values add up, so a column's contribution is the sum over its encoded features.

    Raises:
        ValueError: if the model reads a feature that has no source.
    """

    def __init__(self, terms: Terms, sources: Sequence[str]) -> None:
        used = int(terms.feature.max(initial=0)) + 1 if isinstance(terms, FlatTrees) else len(terms.weights)
        if used > len(sources) or (not isinstance(terms, FlatTrees) and used != len(sources)):
            raise ValueError(f"the model reads {used} features, the transform makes {len(sources)}")
        self._explainer = TreeExplainer(terms) if isinstance(terms, FlatTrees) else LinearExplainer(terms)
        self.columns = tuple(dict.fromkeys(sources))
        """Source columns, in the order of the contributions."""
        self.expected = self._explainer.expected
        place = {column: index for index, column in enumerate(self.columns)}
        self._column_of = np.array([place[source] for source in sources])

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (rows, columns); a row's contributions add up to its margin minus ``expected``."""
        result = np.empty((len(matrix), len(self.columns)))
        for index, row in enumerate(matrix):
            by_feature = self._explainer.contributions(row)
            result[index] = np.bincount(self._column_of, weights=by_feature, minlength=len(self.columns))
        return result

    def reasons(self, matrix: NDArray[np.float32], top: int) -> list[list[Reason]]:
        """For every row, at most ``top`` columns by size of contribution, largest first; zeros are left out."""
        every: list[list[Reason]] = []
        for row in self.contributions(matrix):
            # Stable, so that equal contributions keep the order of the columns.
            order = np.argsort(-np.abs(row), kind="stable")[:top]
            every.append([Reason(self.columns[i], float(row[i])) for i in order if row[i] != 0.0])
        return every
