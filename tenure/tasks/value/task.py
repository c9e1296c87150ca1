"""The task ``regression``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenure.tasks import SettingError, Task, Texts
from tenure.tasks.value.outputs import OUTPUTS

if TYPE_CHECKING:
    from tenure.bundle import Bundle, Decision
    from tenure.contract import Contract
    from tenure.evaluation.evaluator import Evaluator
    from tenure.evaluation.scoring import TestPart
    from tenure.report.page import Page
    from tenure.tasks.label import Label
    from tenure.training.trainer import Trainer

_NUMBERS = ("integer", "number")


FAMILIES = (
    "linear_regression",
    "polynomial_regression",
    "random_forest_regression",
    "xgboost_regression",
    "ensemble",
)
"""Of a contract that names none."""


class ValueTask:
    """How much of something there will be. See ``tenure.tasks.Task`` for what the members mean."""

    name = "regression"
    outputs = OUTPUTS
    objectives = ("rmse", "mae")
    settings: Mapping[str, frozenset[str]] = {
        "label": frozenset({"aggregate", "column", "unit"}),
        "decision": frozenset({"interval", "at_least"}),
        "acceptance": frozenset({"min_r2", "min_coverage"}),
    }

    @property
    def families(self) -> tuple[str, ...]:
        from tenure.contract.family_names import ENSEMBLE, REGRESSORS

        return (*REGRESSORS, ENSEMBLE)

    @property
    def defaults(self) -> Mapping[str, Mapping[str, Any]]:
        return {"training": {"families": list(FAMILIES), "objective": "rmse"}, "decision": {"bands": {}}}

    def check_label(self, contract: Contract) -> None:
        from tenure.contract.aggregates import label_aggregates

        label, column = contract.label, contract.label_column
        if column is None:
            if label.aggregate is None:
                names = " or ".join(label_aggregates())
                raise ValueError(f"'label.aggregate' must say what of the horizon's events is predicted: {names}")
            predicted = contract.predicted_column
            if predicted is None:
                return
            kind = predicted.type
            if kind not in _NUMBERS:
                raise ValueError(f"'label.column' must be an integer or number column, '{label.column}' is a {kind}")
            return
        if label.horizon_days is not None or label.aggregate is not None:
            raise ValueError(f"'label.horizon_days' and 'label.aggregate' are for event logs, '{column}' is a column")
        kind = contract.columns[column].type
        if kind not in _NUMBERS:
            raise ValueError(f"regression predicts an integer or number column, the label '{column}' is a {kind}")

    def check_settings(self, contract: Contract) -> SettingError | None:  # noqa: ARG002 every setting of its own is valid
        return None

    @property
    def texts(self) -> Texts:
        from tenure.tasks.value.texts import ValueTexts

        return ValueTexts()

    @property
    def label(self) -> Label:
        from tenure.tasks.value.label import NumberLabel

        return NumberLabel()

    @property
    def decision(self) -> type[Decision]:
        from tenure.tasks.value.decision import ValueDecision

        return ValueDecision

    @property
    def trainer(self) -> Trainer:
        from tenure.tasks.value.training import ValueTrainer

        return ValueTrainer()

    def evaluator(self, contract: Contract, test: TestPart, candidate: Bundle) -> Evaluator[Any, Any]:
        from tenure.tasks.value.evaluation.evaluator import ValueEvaluator

        return ValueEvaluator.of(contract, test, candidate)

    def page(self, evaluation: Mapping[str, Any]) -> Page:
        from tenure.tasks.value.report.page import value_page

        return value_page(evaluation)


TASK: Task = ValueTask()
