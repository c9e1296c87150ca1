"""The linear model that goes with a bundle: what a server answers with while the main model fails."""

from __future__ import annotations

from tenure import tasks
from tenure.bundle import Companion
from tenure.contract import Contract
from tenure.explanation import LinearTerms
from tenure.training.export import export
from tenure.training.families import Rows, get
from tenure.training.rows import TrainingRows


def make_companion(contract: Contract, rows: TrainingRows, *, threads: int = 1) -> Companion:
    """The task's linear family, with its default parameters: there is no search.

    Fitted to the training part; calibrated, or given its interval, on the validation part, and shipped as it is: its
    figures are those of the very model that answers.

    Args:
        threads: the fit may use.

    Raises:
        DataError: a part has too few rows, or too few of a class.
        TenureError: the exported terms differ from the fitted model.
    """
    train, validation = rows.train, rows.validation
    trainer = tasks.get(contract.task).trainer
    family = get(trainer.companion_family)
    model = family.fit(Rows(train.matrix, train.label), family.default, seed=contract.training.seed, threads=threads)
    terms = model.terms()
    if not isinstance(terms, LinearTerms):
        raise TypeError(f"{family.name} is not linear")
    exported = export(terms, model.predict, validation.matrix, trainer.output_scale(train.label))
    return trainer.companion(contract, terms, exported, validation)
