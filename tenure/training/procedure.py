"""The procedure that made the chosen candidate, to be repeated on other rows.

Repeated are the encoding, the reduction of features, cross-fitting, calibration, the weights of a blend, the threshold,
and the fit of the model that would be shipped. Two choices are not: the parameters of each family, and the family, are
those of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure import tasks
from tenure.bundle import Decision, Prediction
from tenure.contract import Contract
from tenure.contract.family_names import ENSEMBLE
from tenure.contract.schema import LABEL_COLUMN
from tenure.explanation import Link
from tenure.features.reduction import reduce
from tenure.training.blend import Blend, blend
from tenure.training.cross_fitting import HeldOut, cross_fit
from tenure.training.encoded_part import encode_part
from tenure.training.families import Model, Parameters, get
from tenure.training.rows import TrainingRows
from tenure.transform import LabelColumn, Transform, fit, fit_imputers, of_table

FOLDS = 3
"""Of the cross-fitting inside the procedure; the run's own has as many as the contract says."""


@dataclass(frozen=True)
class FittedProcedure:
    """A model with its encoding and decision."""

    transform: Transform
    models: Sequence[tuple[Model, Link]]
    blended: Blend | None
    decision: Decision

    def predict(self, table: pa.Table) -> Prediction:
        """The predictions for rows as the feature step writes them.

        Raises:
            DataError: the table lacks a column.
        """
        encoded = self.transform.encode({name: table.column(name) for name in self.transform.inputs})
        found = [HeldOut.of(model.predict(encoded.matrix), link) for model, link in self.models]
        output = found[0] if self.blended is None else self.blended.apply(found)
        outputs = (output.margin, output.probability)[: len(self.decision.MODEL_OUTPUTS)]
        return self.decision.predict("", encoded, outputs)


@dataclass(frozen=True)
class Procedure:
    """How the chosen candidate was made."""

    contract: Contract
    members: Mapping[str, Parameters]
    """Parameters by family; of an ensemble those of its members."""
    blended: bool
    customers: int
    """Scored at a time: the limit of contacts is a share of them."""

    @classmethod
    def of(cls, contract: Contract, document: Mapping[str, Any], decision: Decision) -> Procedure:
        """Of the candidate that ``document``, the content of ``train.json``, names as chosen."""
        parameters = {entry["family"]: entry["parameters"] for entry in document["leaderboard"]}
        chosen = document["chosen"]
        names = [name for name in parameters[ENSEMBLE] if name in parameters] if chosen == ENSEMBLE else [chosen]
        members = {name: parameters[name] for name in names}
        return cls(contract, members, chosen == ENSEMBLE, decision.limit.population)

    def fit(self, table: pa.Table) -> FittedProcedure:
        """Repeat the procedure on rows as the feature step writes them.

        Raises:
            DataError: there are too few rows, or too few of a class.
        """
        contract, seed = self.contract, self.contract.training.seed
        transform = _fit_encoding(contract, table)
        rows = TrainingRows.of(encode_part(table, contract, transform, fitted=True), contract, FOLDS)
        trainer = tasks.get(contract.task).trainer
        held_out: dict[str, HeldOut] = {}
        models: dict[str, tuple[Model, Link]] = {}
        for name, given in self.members.items():
            family = get(name)
            predicted, parameters = cross_fit(family, given, rows, seed=seed, threads=1)
            model = family.fit(rows.both, parameters, seed=seed, threads=1)
            link = model.terms().link
            models[name], held_out[name] = (model, link), HeldOut.of(predicted, link)
        blended, (output, *_) = None, held_out.values()
        if self.blended:
            blended = blend(
                held_out, rows.held.label, objective=contract.training.objective, seed=seed, customer=rows.held.customer
            )
            models = {name: models[name] for name in blended.weights}
            output = blended.held_out
        decision = trainer.decide(contract, output, rows.both.label, rows.held, self.customers)
        return FittedProcedure(transform, tuple(models.values()), blended, decision)


def _fit_encoding(contract: Contract, table: pa.Table) -> Transform:
    """As the feature step fits it to the training part."""
    rows, label = of_table(table), LabelColumn(LABEL_COLUMN, _numbers)
    whole = fit(contract, rows, label)
    return fit_imputers(contract, rows, whole.without(reduce(contract, rows, whole, label).columns))


def _numbers(column: pa.Array) -> NDArray[np.generic]:
    found: NDArray[np.generic] = np.asarray(column)
    return found
