"""Several exported models as one graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.ensemble import EnsembleTerms, combine
from tenure.training.export.model import ExportedModel
from tenure.training.export.verify import export, margins, score


def export_ensemble(
    members: Sequence[ExportedModel],
    weights: NDArray[np.float64],
    intercept: float,
    matrix: NDArray[np.float32],
    spread: float = 1.0,
) -> ExportedModel:
    """One graph of the members' graphs, see ``EnsembleTerms``, verified against the members.

    It is held to the exported members, each of which was held to its fitted model: some libraries give probabilities
    in float32, whose log-odds near 0 and 1 are too coarse to compare by.

    Args:
        weights: of every member, shape (members,), above 0.
        matrix: rows to verify on, float32, shape (n, f), n at least 1.
        spread: of a regression's label, its standard deviation.

    Raises:
        TenureError: if a probability or value differs by more than ``TOLERANCE``.
        ValueError: if the weights do not fit the members.
    """
    terms = EnsembleTerms(tuple(member.terms for member in members), weights, intercept)

    def native(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        if terms.link == "value":
            return combine([margins(member, rows) for member in members], terms)
        margin = combine([score(member, rows)[0] for member in members], terms)
        probability: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -margin))
        return probability

    return export(terms, native, matrix, spread)
