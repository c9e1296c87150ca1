"""Small tables: which they are, who predicts which row, and that their evaluation decides or says what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spending
from documents import assert_valid

import tenure
from tenure.bundle import Prediction
from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.evaluation.scoring import TestPart
from tenure.stats.clusters import customers_of
from tenure.tasks.value.outputs import OUTPUTS
from tenure.training.families import get
from tenure.training.procedure import FittedProcedure, Procedure
from tenure.training.small_tables import FOLDS, MOST_ROWS, REPEATS, is_small, repeat, repeat_if_small

CASES = Path(__file__).resolve().parents[2] / "data" / "cases"
CHURN = """\
name: small
columns:
  customer: {type: string, role: key}
  months: {type: number}
  plan: {type: category, values: [basic, plus]}
  left: {type: category, role: label, values: ["no", "yes"]}
label: {positive: "yes"}
"""
DECISION = r"About [\d,]+ rows would decide if it stayed there; the table has \d+\.|100 times as many rows"


def churners(rows: int = 120, customers: int | None = None) -> pa.Table:
    """Rows as the feature step writes them; with ``customers`` several a customer."""
    random = np.random.default_rng(3)
    months = random.gamma(2.0, 12.0, rows)
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(0.1 * (months - 12.0)))).astype(np.int8)
    keys = np.arange(rows) if customers is None else random.integers(0, customers, rows)
    return pa.table(
        {
            "customer": [f"c{key:04}" for key in keys],
            "months": months,
            "plan": np.array(["basic", "plus"])[random.integers(0, 2, rows)],
            "_label": label,
        }
    )


def procedure(contract: Contract, *families: str, customers: int = 120) -> Procedure:
    members = {name: get(name).default for name in families}
    return Procedure(contract, members, blended=len(families) > 1, customers=customers)


def part(labels: np.ndarray, keys: np.ndarray | None = None) -> TestPart:
    customer = None if keys is None else customers_of(keys)
    return TestPart(pa.table({"_label": labels}), labels, customer)


class TestWhichAreSmall:
    contract = parse(CHURN)

    @pytest.mark.parametrize(
        ("stayers", "churners", "small"), [(299, 0, True), (260, 40, False), (261, 39, True), (39, 900, True)]
    )
    def test_by_customers_and_by_classes(self, stayers: int, churners: int, small: bool) -> None:
        labels = np.repeat([0, 1], [stayers, churners]).astype(np.int8)
        assert is_small(self.contract, part(labels)) is small

    def test_customers_count_not_their_rows(self) -> None:
        labels = np.tile([0, 1], 400).astype(np.int8)
        assert not is_small(self.contract, part(labels))
        assert is_small(self.contract, part(labels, np.arange(800) // 4))

    def test_a_regression_has_no_classes(self) -> None:
        contract = parse(spending.CONTRACT)
        assert is_small(contract, part(np.zeros(299)))
        assert not is_small(contract, part(np.zeros(300)))

    def test_a_table_divided_by_time_never_is(self, tmp_path: Path) -> None:
        timed = CHURN.replace("  plan:", "  day: {type: date, role: time}\n  plan:") + "split: {strategy: time}\n"
        assert repeat_if_small(parse(timed), tmp_path, tmp_path) is None  # nothing is read

    def test_one_with_too_many_rows_is_not_repeated(self, tmp_path: Path) -> None:
        table = churners(200)
        for name, rows in (("train", MOST_ROWS), ("validation", 1), ("test", 20)):
            pq.write_table(table.take(np.arange(rows) % 200), tmp_path / f"{name}.parquet")
        assert repeat_if_small(self.contract, tmp_path, tmp_path) is None


class Watched:
    """A procedure that remembers the customers that each model was fitted on, and those that it predicted."""

    def __init__(self, procedure: Procedure) -> None:
        self.contract, self.procedure = procedure.contract, procedure
        self.seen: list[tuple[set[str], set[str]]] = []

    def fit(self, table: pa.Table) -> WatchedModel:
        return WatchedModel(self.procedure.fit(table), set(table["customer"].to_pylist()), self.seen)


@dataclass
class WatchedModel:
    fitted: FittedProcedure
    customers: set[str]
    seen: list[tuple[set[str], set[str]]]

    def predict(self, rows: pa.Table) -> Prediction:
        self.seen.append((self.customers, set(rows["customer"].to_pylist())))
        return self.fitted.predict(rows)


@pytest.mark.parametrize("customers", [None, 40])
def test_every_row_is_predicted_once_a_repeat_by_a_model_that_has_not_seen_its_customer(customers: int | None) -> None:
    contract = parse(CHURN) if customers is None else parse(CHURN + "split: {by: customer}\n")
    table = churners(120, customers)
    watched = Watched(procedure(contract, "logistic_regression"))
    found = repeat(watched, table)  # type: ignore[arg-type]
    assert (len(found.repeats), found.folds) == (REPEATS, FOLDS)
    for each in found.repeats:
        assert sorted(each.order) == list(range(120))
        assert sum(len(prediction.score) for prediction in each.predictions) == 120
    for fitted, predicted in watched.seen:
        assert not fitted & predicted
    orders = [tuple(each.order) for each in found.repeats]
    assert len(set(orders)) == REPEATS
    rows = found.rows(contract, 1)
    assert rows.label.tolist() == [table["_label"][place].as_py() for place in found.repeats[1].order]
    assert rows.name == "table"


def test_the_encoding_is_fitted_to_the_rows_of_each_fold() -> None:
    """A median of all rows would hold what the rows held out are."""
    table = churners(120)
    fitted = procedure(parse(CHURN), "logistic_regression").fit(table.slice(0, 60))
    (months,) = [each for each in fitted.transform.state.encodings if each.name == "months"]
    assert months.impute == pytest.approx(np.median(table["months"].to_numpy()[:60]))  # type: ignore[union-attr]


@pytest.mark.parametrize("families", [("logistic_regression",), ("logistic_regression", "decision_tree")])
def test_the_procedure_of_a_family_and_of_an_ensemble(families: tuple[str, ...]) -> None:
    contract, table = parse(CHURN), churners(120)
    first, again = (repeat(procedure(contract, *families), table, 1) for _ in range(2))
    score = np.concatenate([prediction.score for prediction in first.repeats[0].predictions])
    assert np.array_equal(score, np.concatenate([prediction.score for prediction in again.repeats[0].predictions]))
    label = first.rows(contract, 0).label
    assert score[label == 1].mean() > score[label == 0].mean() + 0.05


def test_a_regression_is_predicted_with_intervals() -> None:
    contract = parse(spending.CONTRACT)
    rows = spending.table(150)
    columns = {name: rows[name] for name in ("customer", "plan", "region")}
    numbers = {
        name: pa.array([float(value) if value else None for value in rows[name].to_pylist()])
        for name in ("months", "orders", "basket")
    }
    table = pa.table({**columns, **numbers, "_label": spending.values(rows)})
    found = repeat(procedure(contract, "linear_regression", customers=150), table, 1)
    predictions = found.repeats[0].predictions
    value, low, high = (np.concatenate([one.number(name) for one in predictions]) for name in OUTPUTS.columns)
    label = found.rows(contract, 0).label
    assert np.corrcoef(value, label)[0, 1] > 0.6
    assert 0.75 < np.mean((low <= label) & (label <= high)) <= 1.0


def test_too_few_of_a_class_cannot_be_divided() -> None:
    label = np.zeros(120, dtype=np.int8)
    label[:3] = 1
    table = churners(120).set_column(3, "_label", pa.array(label))
    with pytest.raises(DataError):
        repeat(procedure(parse(CHURN), "logistic_regression"), table)


@pytest.fixture(scope="module")
def model() -> tenure.Model:
    return tenure.train(tenure.load(CASES / "rows_120.csv"), families=["logistic_regression"], trials=1)


def decided(evaluation: tenure.Evaluation) -> bool:
    """Whether the verdict is a decision, or every open question says how many rows would answer it."""
    record = evaluation.record
    assert_valid("evaluation", record)
    open_ones = [reason["text"] for reason in record["verdict"]["reasons"] if reason["outcome"] == "unsure"]
    return evaluation.verdict != "inconclusive" or all(re.search(DECISION, text) for text in open_ones)


def test_120_rows_decide_or_say_how_many_would(model: tenure.Model) -> None:
    evaluation = tenure.evaluate(model)
    record = evaluation.record
    assert record["cross_fitting"] == {"rows": 120, "folds": FOLDS, "repeats": REPEATS, "test_rows": 17}
    assert record["test"]["rows"] == 120
    assert record["rows"]["test"] == 17
    assert decided(evaluation)
    assert tenure.evaluate(model).record["metrics"] == record["metrics"]


def test_the_report_says_how_a_small_table_was_evaluated(model: tenure.Model, tmp_path: Path) -> None:
    page = tenure.evaluate(model).report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "repeated cross-fitting" in page
    assert "all 120 customers" in page


@pytest.mark.parametrize("name", ["rows_200", "base"])
def test_larger_ones_do_too(name: str) -> None:
    trained = tenure.train(tenure.load(CASES / f"{name}.csv"), families=["logistic_regression"], trials=1)
    evaluation = tenure.evaluate(trained)
    assert evaluation.record["cross_fitting"]["rows"] == {"rows_200": 200, "base": 400}[name]
    assert decided(evaluation)


def test_segments_are_chosen_within_the_folds() -> None:
    contract = parse(CHURN + "decision: {by: plan}\n")
    found = repeat(procedure(contract, "logistic_regression", customers=900), churners(900), 1)
    assert sum(len(prediction) for prediction in found.repeats[0].predictions) == 900
    fitted = procedure(contract, "logistic_regression", customers=900).fit(churners(900))
    assert {each["name"] for each in fitted.decision.expected["by"]["segments"]} == {"basic", "plus"}
