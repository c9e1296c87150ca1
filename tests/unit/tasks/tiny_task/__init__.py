"""A third task, complete and as small as it can be: it predicts a number, and contacts whoever is above the mean."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle import Bundle, Companion, ModelOutputs, Prediction
from tenure.contract import Contract
from tenure.decision import ContactLimit, contact_limit
from tenure.errors import BundleError, InputError
from tenure.evaluation import Challenge, Reason, Verdict, decide
from tenure.evaluation.advantage import Advantage
from tenure.evaluation.limit import check_limit, floor
from tenure.evaluation.science.row_errors import RowErrors
from tenure.evaluation.scoring import TestPart, predict
from tenure.explanation import LinearTerms
from tenure.report.page import Page
from tenure.report.story import Tile, tell
from tenure.stats.bootstrap import Estimate, percentile_interval, resample
from tenure.tasks import Figure, Outputs, RunPage, RunTexts, SettingError
from tenure.tasks.value.label import NumberLabel
from tenure.training.families import evaluate
from tenure.training.trainer import ValidatedModel

Floats = NDArray[np.float64]

OUTPUTS = Outputs(
    score="amount",
    lowest=-1e12,
    highest=1e12,
    columns=("amount",),
    tensors=("amount", "doubled"),
    noun="amounts",
)


@dataclass(slots=True, eq=False, kw_only=True)
class TinyPrediction(Prediction):
    outputs: ClassVar[Outputs] = OUTPUTS
    FIELDS: ClassVar[tuple[str, ...]] = ("amount",)

    amount: Floats

    @property
    def score(self) -> Floats:
        return self.amount

    def number(self, output: str) -> Floats:
        return {"amount": self.amount, "doubled": 2.0 * self.amount}[output]

    def first_row(self) -> tuple[float, ...]:
        return self.amount[0].item(), 2.0 * self.amount[0].item()


@dataclass(frozen=True)
class TinyDecision:
    MODEL_OUTPUTS: ClassVar[tuple[str, ...]] = ("margin",)
    LINKS: ClassVar[tuple[str, ...]] = ("value",)

    threshold: float
    label_spread: float
    limit: ContactLimit
    bands: ClassVar[dict[str, float]] = {"any": 0.0}
    recommendations: ClassVar[dict[str, str]] = {}
    predicts_batches: ClassVar[bool] = False

    @property
    def label_mean(self) -> float:
        return self.threshold

    def check_contract(self, contract: Any) -> None:
        """Reads no column."""

    def check_threshold(self, threshold: float) -> None:
        if not np.isfinite(threshold):
            raise InputError(f"threshold is {threshold}, not a number")

    def scores(self, outputs: ModelOutputs) -> Floats:
        return outputs[0]

    def predict(
        self, version: str, encoded: Any, outputs: ModelOutputs, threshold: Any = None, reasons: Any = ()
    ) -> TinyPrediction:
        return self._prediction(version, outputs[0], threshold, reasons, encoded)

    def predict_each(self, version: str, rows: Sequence[Any], outputs: ModelOutputs) -> Iterator[TinyPrediction]:
        for place, row in enumerate(rows):
            yield self.predict(version, row, (outputs[0][place : place + 1],))

    def predict_without_model(self, version: str, rows: int, threshold: float | None) -> TinyPrediction:
        return self._prediction(version, np.full(rows, self.label_mean), threshold)

    def _prediction(
        self, version: str, amount: Floats, threshold: float | None, reasons: Any = (), encoded: Any = None
    ) -> TinyPrediction:
        flags = {
            name: {} if encoded is None else getattr(encoded, name) for name in ("imputed", "unknown", "out_of_range")
        }
        return TinyPrediction(
            version=version,
            amount=amount,
            decision=amount >= (self.threshold if threshold is None else threshold),
            band=["any"] * len(amount),
            recommendation=[""] * len(amount),
            margin=amount,
            reasons=list(reasons),
            **flags,
        )

    def with_companion(self, companion: Companion) -> Self:
        return self

    def histogram_ends(self) -> tuple[float, float]:
        return self.threshold - self.label_spread, self.threshold + self.label_spread

    def describe(self) -> dict[str, Any]:
        return {"spread": self.label_spread}

    def to_json(self) -> str:
        return json.dumps({"threshold": self.threshold, "spread": self.label_spread, "limit": self.limit.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        try:
            document = json.loads(text)
            return cls(document["threshold"], document["spread"], ContactLimit.from_dict(document["limit"]))
        except (KeyError, ValueError, TypeError) as error:
            raise BundleError(f"decision.json: not a tiny decision: {error}") from error


class TinyTrainer:
    companion_family = "linear_regression"

    def output_scale(self, labels: NDArray) -> float:
        return float(labels.std())

    def validate(self, contract: Contract, held_out: Any, training_labels: Any, rows: Any, customers: int) -> Any:
        amount = held_out.margin
        decision = TinyDecision(
            float(training_labels.mean()), float(training_labels.std()), contact_limit(contract.business, customers)
        )
        objective = evaluate(contract.training.objective, rows.label, amount)
        mae = Estimate(objective, None, None).to_json()
        return ValidatedModel(decision, {"mae": mae}, amount, objective)

    def companion(self, contract: Contract, terms: LinearTerms, held_out: Any, rows: Any) -> Companion:
        raise AssertionError("a linear model has no companion")


@dataclass(frozen=True)
class Amounts:
    amount: Floats

    @property
    def contacted(self) -> NDArray[np.bool_]:
        return np.zeros(len(self.amount), dtype=bool)

    def take(self, rows: NDArray[np.bool_]) -> Amounts:
        return Amounts(self.amount[rows])


@dataclass(frozen=True)
class TinyComparison:
    advantage: Advantage

    def to_json(self) -> dict[str, Any]:
        return {"metric": self.advantage.metric, "difference": self.advantage.difference.to_json()}


class TinyWording:
    worth = "what the champion is worth"

    def check(self, comparison: TinyComparison) -> str:
        return "error against the champion"

    def required_share(self, confidence: float) -> float:
        return confidence

    def no_difference(self, comparison: TinyComparison, champion: str) -> str | None:
        return None

    def difference(self, advantage: Advantage, than: str) -> str:
        return f"its error differs by {advantage.difference.value:.2f} from that of {than}"

    def interval(self, advantage: Advantage) -> str:
        return "tiny interval"

    def tolerances(self, comparison: TinyComparison) -> Sequence[Any]:
        return []


@dataclass(frozen=True)
class TinyEvaluator:
    test: TestPart
    contract: Contract

    def quality(self, label: NDArray, amount: Floats) -> float:
        return -float(np.abs(amount - label).mean())

    part_metrics = ("mae",)
    spread_scale = 1.0

    def predict(self, bundle: Bundle, table: Any) -> Amounts:
        return self.gather(list(predict(bundle, table)))

    def gather(self, found: Any) -> Amounts:
        return Amounts(np.concatenate([prediction.score for prediction in found]))

    def on(self, rows: TestPart, samples: int) -> TinyEvaluator:
        return replace(self, test=rows)

    def paired(self, candidate: Amounts, champion: Amounts) -> dict[str, Estimate]:
        return {"mae": self.compare(candidate, champion).advantage.difference}

    def calibration_change(self, candidate: Bundle) -> None:
        return None

    def row_errors(self, predictions: Amounts) -> RowErrors:
        error = np.abs(predictions.amount - self.test.label)
        return RowErrors("absolute_error", error, None, predictions.amount, self.test.label, None, None)

    def _drawn(self, values: Floats) -> Floats:
        count = np.ones(len(values), dtype=np.int64)
        chunks = resample(count, self.contract.acceptance.bootstrap_samples, 1)
        return np.concatenate([drawn @ values for drawn in chunks]) / len(values)

    def measure(self, predictions: Amounts) -> dict[str, Estimate]:
        error = np.abs(predictions.amount - self.test.label)
        return {"mae": percentile_interval(float(error.mean()), self._drawn(error))}

    def compare(self, candidate: Amounts, champion: Amounts) -> TinyComparison:
        ours, theirs = (np.abs(side.amount - self.test.label) for side in (candidate, champion))
        drawn = self._drawn(ours - theirs)
        difference = percentile_interval(float((ours - theirs).mean()), drawn)
        return TinyComparison(Advantage("mae", len(ours), difference, -drawn, worth=float(theirs.mean())))

    def part(self, rows: NDArray[np.bool_]) -> TinyEvaluator:
        return replace(self, test=self.test.part(rows))

    def counts(self) -> dict[str, Any]:
        return {"rows": self.test.rows}

    def too_small(self) -> str | None:
        return None

    def decide(
        self, metrics: Any, predictions: Amounts, candidate: Bundle, challenge: Challenge[TinyComparison] | None
    ) -> Verdict:
        spread = float(self.test.label.std())
        share = Estimate(*(None if end is None else 1.0 - end / spread for end in _ends(metrics["mae"])))

        def minimums() -> Iterator[Reason]:
            yield check_limit(floor("skill", share, 0.0))

        return decide(minimums(), challenge, TinyWording(), self.contract.acceptance, unusable=None)

    def record(self, predictions: Amounts, candidate: Bundle) -> dict[str, Any]:
        return {"chosen": {}, "business": {}, "curves": {}}

    def within_times(self, candidate: Bundle) -> list[dict[str, Any]]:
        return []

    def summarize(self, document: dict[str, Any]) -> dict[str, Any]:
        return {"mae": document["metrics"]["mae"]}


def _ends(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.high, estimate.low


class TinyTexts:
    score_list = "largest.csv"
    highest, lowest = "largest", "smallest"
    direction = "more"
    headings = (">amount",)
    version_columns: Mapping[str, tuple[str, int]] = {"MAE": ("mae", 2)}
    version_metrics = family_metrics = ("mae",)
    money_metrics: tuple[str, ...] = ()

    draft_task = "a tiny one"
    draft_business: tuple[str, ...] = ()

    def cells(self, numbers: Mapping[str, Any]) -> list[str]:
        return [f"{numbers['amount']:.1f}"]

    def run(self, evaluation: Mapping[str, Any]) -> RunTexts:
        figure = Figure("MAE", "mae", "{:.1f}".format)
        threshold = evaluation["chosen"]["threshold"]
        return RunTexts((figure, figure), f"from {threshold:.1f} on", lambda numbers: str(numbers["amount"]), "+ more")

    def run_page(self, evaluation: Mapping[str, Any]) -> RunPage:
        rows = Counter({"any": evaluation["test"]["rows"]})
        return RunPage(("mae",), list(rows), [[rows["any"]]])


class TinyTask:
    name = "tiny"
    outputs = OUTPUTS
    objectives = ("mae",)
    families = ("linear_regression",)
    settings: Mapping[str, frozenset[str]] = {"label": frozenset({"unit"})}
    defaults: Mapping[str, Mapping[str, Any]] = {
        "training": {"families": ["linear_regression"], "objective": "mae"},
        "acceptance": {"bootstrap_samples": 200},
    }
    texts = TinyTexts()
    label = NumberLabel()
    decision = TinyDecision
    trainer = TinyTrainer()

    def check_label(self, contract: Contract) -> None: ...

    def check_settings(self, contract: Contract) -> SettingError | None:
        return None

    def evaluator(self, contract: Contract, test: TestPart, candidate: Bundle) -> TinyEvaluator:
        return TinyEvaluator(test, contract)

    def page(self, evaluation: Mapping[str, Any]) -> Page:
        tiles = [Tile("Error", f"{evaluation['metrics']['mae']['value']:.1f}", "on average")]
        story = tell(evaluation, tiles, ["It is tiny."])
        filters = {"metric": lambda value, _name: f"{value:.3g}", "between": lambda _estimate, _name: ""}
        return Page(
            "tiny_task",
            "tiny.html",
            filters,
            {"story": story, "charts": {}, "metric_names": {"mae": ("MAE", "mean error")}},
        )


TASK = TinyTask()
