"""The linear model that goes with a bundle: what a server answers with while the main model fails."""

from __future__ import annotations

import numpy as np

from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.decision import adaptive_half_width, choose_calibration, within_bounds
from tenure.explanation import LinearTerms
from tenure.training.export import export, margins, score
from tenure.training.families import Rows, evaluate, get
from tenure.training.rows import MakingRows


def make_companion(contract: Contract, rows: MakingRows, *, threads: int = 1) -> Companion:
    """Logistic regression, or ridge for a regression, with the family's usual parameters: there is no search.

    Fitted to the training part; calibrated, or given its interval, on the validation part, and shipped as it is:
    what is told of it holds for the very model that answers.

    Args:
        threads: the fit may use.

    Raises:
        DataError: a part has too few rows, or too few of a class.
        TenureError: the exported terms differ from the fitted model.
    """
    train, validation, training = rows.train, rows.validation, contract.training
    of_value = contract.task == "regression"
    family = get("linear_regression" if of_value else "logistic_regression")
    model = family.fit(Rows(train.matrix, train.label), family.default, seed=training.seed, threads=threads)
    terms = model.terms()
    if not isinstance(terms, LinearTerms):
        raise TypeError(f"{family.name} is not linear")
    exported = export(terms, model.predict, validation.matrix, float(train.label.std()) if of_value else 1.0)
    calibration, half_width = None, None
    if of_value:
        predicted = margins(exported, validation.matrix)
        value = within_bounds(contract, predicted)
        half_width = adaptive_half_width(value, np.abs(value - validation.label), contract.decision.interval)
    else:
        margin, predicted = score(exported, validation.matrix)
        found = choose_calibration(margin, predicted, validation.label, link="logit", seed=training.seed)
        calibration = found.calibration
    return Companion(terms, calibration, half_width, evaluate(training.objective, validation.label, predicted))
