"""The task ``classification``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenure.tasks import SettingError, Task, Texts
from tenure.tasks.churn.outputs import OUTPUTS

if TYPE_CHECKING:
    from tenure.bundle import Bundle, Decision
    from tenure.contract import Contract
    from tenure.evaluation.evaluator import Evaluator
    from tenure.evaluation.scoring import TestPart
    from tenure.report.page import Page
    from tenure.tasks.label import Label
    from tenure.training.trainer import Trainer


class ChurnTask:
    """Whether a customer leaves. See ``tenure.tasks.Task`` for what the members mean."""

    name = "classification"
    outputs = OUTPUTS
    objectives = ("roc_auc", "average_precision", "log_loss", "brier")
    settings: Mapping[str, frozenset[str]] = {
        "label": frozenset({"positive", "ignore"}),
        "quality": frozenset({"min_class_share"}),
        "business": frozenset({"customer_value", "offer_cost", "offer_success_share"}),
        "decision": frozenset({"policy", "target", "segments", "by"}),
        "acceptance": frozenset(
            {"metric", "max_slice_loss", "min_roc_auc", "min_recall", "min_precision", "max_calibration_error"}
        ),
    }
    defaults: Mapping[str, Mapping[str, Any]] = {}

    @property
    def families(self) -> tuple[str, ...]:
        from tenure.contract.family_names import CLASSIFIERS, ENSEMBLE

        return (*CLASSIFIERS, ENSEMBLE)

    def check_label(self, contract: Contract) -> None:
        column = contract.label_column
        if column is None:
            return
        if contract.label.positive is None:
            raise ValueError(f"'label.positive' must name the value of '{column}' that means churn")
        values = contract.columns[column].values
        for text in contract.label.positives:
            if values is not None and text not in values:
                raise ValueError(f"'label.positive' is '{text}', which '{column}' cannot hold: {', '.join(values)}")

    def check_settings(self, contract: Contract) -> SettingError | None:
        bands = contract.decision.bands
        if next(iter(bands.values()), None) != 0.0:
            return SettingError(("decision", "bands"), "'bands' must start at 0 and ascend", bands)
        for name, start in bands.items():
            if start > 1.0:
                message = f"a band starts at a probability between 0 and 1, not at {start:g}"
                return SettingError(("decision", "bands", name), message, start)
        return None

    @property
    def texts(self) -> Texts:
        from tenure.tasks.churn.texts import ChurnTexts

        return ChurnTexts()

    @property
    def label(self) -> Label:
        from tenure.tasks.churn.label import ClassLabel

        return ClassLabel()

    @property
    def decision(self) -> type[Decision]:
        from tenure.tasks.churn.decision import ChurnDecision

        return ChurnDecision

    @property
    def trainer(self) -> Trainer:
        from tenure.tasks.churn.training import ChurnTrainer

        return ChurnTrainer()

    def evaluator(self, contract: Contract, test: TestPart, candidate: Bundle) -> Evaluator[Any, Any]:
        from tenure.tasks.churn.evaluation.evaluator import ChurnEvaluator

        return ChurnEvaluator.of(contract, test, candidate)

    def page(self, evaluation: Mapping[str, Any]) -> Page:
        from tenure.tasks.churn.report.page import churn_page

        return churn_page(evaluation)


TASK: Task = ChurnTask()
