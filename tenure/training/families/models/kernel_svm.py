"""Support vector machine with a radial basis kernel on standardized columns, its margin turned into log-odds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.imbalance import suggest_imbalance
from tenure.training.families.kernel_machine import MAX_ROWS, KernelMachine, kernel_settings, suggest_kernel
from tenure.training.families.platt import Sigmoid, cross_fitted_sigmoid
from tenure.training.families.standardize import scaling_of
from tenure.training.families.thinning import balance_thinned, thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class KernelSvm:
    """Fitted to at most ``MAX_ROWS`` rows, with probabilities by a cross-fitted sigmoid (see ``platt``).

    A bundle of this family holds encoded rows of real customers, the support vectors; whoever has the bundle has them.
    """

    name: ClassVar[str] = "kernel_svm"
    cost: ClassVar[float] = 12.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"imbalance": "none", "C": 1.0, "gamma": 0.3}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        return {**suggest_imbalance(trial), **suggest_kernel(trial)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> KernelMachine:
        kept = thinned(rows, MAX_ROWS, seed)
        with limited(threads):
            whole = _machine(kept, parameters, seed)
            sigmoid = cross_fitted_sigmoid(
                kept,
                parameters["imbalance"],
                lambda some: _machine(some, parameters, seed).margin,
                whole.margin,
                seed,
            )
        return replace(whole, output=sigmoid)


def _machine(rows: Rows, parameters: Parameters, seed: int) -> KernelMachine:
    """Without its sigmoid."""
    from sklearn.svm import SVC

    matrix, label, weight = balance_thinned(rows, parameters["imbalance"], MAX_ROWS, seed)
    scaling = scaling_of(matrix)
    machine = SVC(**kernel_settings(parameters, matrix.shape[1]))
    machine.fit(scaling.apply(matrix), label, sample_weight=weight)
    return KernelMachine(machine, scaling, matrix, Sigmoid(1.0, 0.0))


FAMILY = KernelSvm()
