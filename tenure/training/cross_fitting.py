"""Predictions for rows by models that were not fitted on them: what a family is calibrated, weighted and compared by.

Every fold of ``TrainingRows`` is predicted by a model of the others, with the parameters that the search chose in the
training part. So calibration and threshold are chosen on all rows of a table without time, not on the validation part
alone: of a table of 5,000 rows on 4,250 instead of 750 (cross-fitting; Chernozhukov et al. 2018, section 3.1. The model
that is shipped is of all rows, as with scikit-learn's ``CalibratedClassifierCV(ensemble=False)``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.decision.calibration import sigmoid
from tenure.explanation import Link
from tenure.training.families import ROUNDS, Family, Parameter, Parameters, Rows
from tenure.training.families.threads import limited
from tenure.training.rows import TrainingRows

Floats = NDArray[np.float64]

_EDGE = 1e-9
"""Probabilities of 0 and 1 that a library rounded to are held this far from them."""


@dataclass(frozen=True)
class HeldOut:
    """A model's outputs for the rows held out, shape (held,) each, in their order."""

    margin: Floats
    """In log-odds, or a probability, or a value: see ``link``."""
    probability: Floats
    """Before calibration; of a regression the value, as ``margin``."""
    link: Link

    @classmethod
    def of(cls, predicted: Floats, link: Link) -> HeldOut:
        """From the predictions of fitted models: probabilities, or values."""
        if link != "logit":
            return cls(predicted, predicted, link)
        held = np.clip(predicted, _EDGE, 1.0 - _EDGE)
        return cls(np.log(held) - np.log1p(-held), predicted, link)

    @classmethod
    def of_margins(cls, margin: Floats, link: Literal["logit", "value"]) -> HeldOut:
        """From log-odds, or values."""
        return cls(margin, sigmoid(margin) if link == "logit" else margin, link)


def cross_fit(
    family: Family, parameters: Parameters, rows: TrainingRows, *, seed: int, threads: int
) -> tuple[Floats, dict[str, Parameter]]:
    """Predictions for the rows held out, shape (held,), and the parameters to fit all rows with.

    Those have, for a family that stops early, the median of the folds' boosting rounds.

    Raises:
        DataError: from the family's fit.
    """
    free = {name: value for name, value in parameters.items() if name != ROUNDS}
    predicted = np.empty(len(rows.both.label))
    rounds = []
    with limited(threads):
        for fold in rows.folds.folds:
            given, stop = (fold.fit, _some(rows.both, fold.stop)) if family.stops_early else (fold.train, None)
            model = family.fit(_some(rows.both, given), free, seed=seed, threads=threads, stop=stop)
            predicted[fold.held] = model.predict(rows.both.matrix[fold.held])
            if model.rounds is not None:
                rounds.append(model.rounds)
    whole = {**free, ROUNDS: round(float(np.median(rounds)))} if rounds else free
    return predicted[rows.held_index], whole


def _some(rows: Rows, index: NDArray[np.int64]) -> Rows:
    return Rows(rows.matrix[index], rows.label[index], rows.monotone)
