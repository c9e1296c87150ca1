"""Support vector regression with a radial basis kernel on standardized columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tenure.training.families.family import Parameter, Parameters, Rows
from tenure.training.families.kernel_machine import MAX_ROWS, KernelMachine, kernel_settings, suggest_kernel
from tenure.training.families.standardize import label_scaling, scaling_of
from tenure.training.families.thinning import thinned
from tenure.training.families.threads import limited

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


class KernelSvmRegression:
    """Fitted to at most ``MAX_ROWS`` rows. It aims at the median rather than the mean: of a skewed label it is too low.

    A bundle of this family holds encoded rows of real customers, the support vectors; whoever has the bundle has them.
    """

    name: ClassVar[str] = "kernel_svm_regression"
    cost: ClassVar[float] = 8.0
    stops_early: ClassVar[bool] = False
    default: ClassVar[Parameters] = {"C": 3.0, "gamma": 0.3, "epsilon": 0.1}

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        """``epsilon`` is in standard deviations of the label."""
        return {**suggest_kernel(trial), "epsilon": trial.suggest_float("epsilon", 0.01, 0.5, log=True)}

    def fit(
        self,
        rows: Rows,
        parameters: Parameters,
        *,
        seed: int,
        threads: int,
        stop: Rows | None = None,  # noqa: ARG002 - nothing to stop
    ) -> KernelMachine:
        from sklearn.svm import SVR

        kept = thinned(rows, MAX_ROWS, seed)
        scaling, label = scaling_of(kept.matrix), label_scaling(kept.label)
        with limited(threads):
            machine = SVR(epsilon=parameters["epsilon"], **kernel_settings(parameters, kept.matrix.shape[1]))
            machine.fit(scaling.apply(kept.matrix), label.apply(kept.label))
        return KernelMachine(machine, scaling, kept.matrix, label)


FAMILY = KernelSvmRegression()
