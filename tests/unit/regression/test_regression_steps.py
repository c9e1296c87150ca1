"""A regression from its table to trained bundles, by the steps themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import spending
import yaml
from pyarrow import csv

from components.feature import logic as feature
from components.ingest import logic as ingest
from components.train import logic as train
from components.tune import logic as tune
from components.validate import logic as validate
from tenure import bundle
from tenure.contract import dump, parse
from tenure.contract.family_names import ENSEMBLE
from tenure.decision import adaptive_half_width
from tenure.errors import DataError
from tenure.tasks.value.decision import ValueDecision
from tenure.tasks.value.prediction import ValuePrediction
from tenure.tasks.value.task import FAMILIES
from tenure.training.cross_fitting import cross_fit
from tenure.training.encoded_part import read_part
from tenure.training.families import REGRESSORS, get
from tenure.training.rows import join
from tenure.transform import Transform

ROWS = 900


def contract(**changed: Any) -> str:
    document = yaml.safe_load(spending.CONTRACT)
    small = {"training": {"trials": 3, "folds": 3}, "acceptance": {"bootstrap_samples": 50}}
    return yaml.safe_dump({**document, "source": {"uri": "spending.csv"}, **small, **changed})


class Run(NamedTuple):
    folder: Path
    text: str

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


def up_to_features(folder: Path, text: str, table: Any = None) -> Run:
    csv.write_csv(spending.table(ROWS) if table is None else table, folder / "spending.csv")
    ingest.run(text, None, folder / "raw", folder)
    validate.run(text, folder / "raw", folder / "valid")
    feature.run(text, folder / "valid", folder / "features")
    return Run(folder, text)


def search(run: Run, name: str, workers: int) -> list[Path]:
    found = [run.folder / f"{name}{worker}" for worker in range(workers)]
    for worker, trials in enumerate(found):
        tune.run(
            contract=run.text,
            features=run.folder / "features",
            storage=str(run.folder / f"{name}.log"),
            trials=trials,
            worker=worker,
            workers=workers,
        )
    return found


def refit(run: Run, trials: list[Path], candidates: str) -> dict[str, Any]:
    return train.run(
        contract=run.text,
        raw=run.folder / "raw",
        valid=run.folder / "valid",
        features=run.folder / "features",
        trials=trials,
        candidates=run.folder / candidates,
        created_at="2026-01-01T00:00:00Z",
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = up_to_features(tmp_path_factory.mktemp("spending"), contract())
    refit(made, search(made, "trials", workers=1), "candidates")
    return made


def test_the_parts_hold_the_number_and_divide_it_alike(run: Run) -> None:
    parts = {
        name: pq.read_table(run.folder / "features" / f"{name}.parquet") for name in ("train", "validation", "test")
    }
    for table in parts.values():
        assert str(table.schema.field("_label").type) == "double"
        assert "future_spend" not in table.column_names
    split = run.json("features/split.json")
    assert sum(split["rows"].values()) == ROWS
    # Each of ten strata is divided to the nearest whole row.
    assert split["rows"]["train"] == 630 and split["rows"]["validation"] == pytest.approx(135, abs=5)
    assert "churn_rates" not in split
    whole = spending.values(spending.table(ROWS))
    for part, table in parts.items():
        label = table["_label"].to_numpy()
        assert split["label_means"][part] == pytest.approx(label.mean())
        assert label.mean() == pytest.approx(whole.mean(), abs=0.06 * whole.std())
        assert np.quantile(label, [0.2, 0.5, 0.8]) == pytest.approx(
            np.quantile(whole, [0.2, 0.5, 0.8]), abs=0.15 * whole.std()
        )


def test_every_candidate_beats_the_mean_on_rows_it_never_saw(run: Run) -> None:
    board = run.json("candidates/train.json")
    assert [entry["family"] for entry in board["leaderboard"]] == list(FAMILIES)
    assert (board["objective"], board["direction"]) == ("rmse", "minimize")
    table = pq.read_table(run.folder / "features" / "test.parquet")
    label = table["_label"].to_numpy()
    for entry in board["leaderboard"]:
        read = bundle.read(run.folder / "candidates" / entry["family"])
        assert read.version == entry["version"] and isinstance(read.decision, ValueDecision)
        answer = read.predict({name: table[name] for name in read.transform.inputs}, explain=3)
        assert isinstance(answer, ValuePrediction)
        error, without = answer.value - label, read.decision.label_mean - label
        assert np.mean(error**2) < 0.45 * np.mean(without**2), entry["family"]
        # 135 rows at 0.90: the standard error is 0.026.
        assert 0.82 < ((answer.low <= label) & (label <= answer.high)).mean() <= 0.98
        assert answer.decision.mean() == pytest.approx(100 / ROWS, abs=0.08)
        assert entry["interval"] == {"level": 0.9, **read.decision.half_width.to_dict()}
        assert entry["validation"]["rmse"]["low"] < entry["validation"]["rmse"]["value"]
        assert len(entry["cv_scores"]) == (5 if entry["family"] == ENSEMBLE else 3) and entry["cv_mean"] > 0
        if (companion := read.companion) is None:
            assert entry["family"] == "linear_regression"
            continue
        found = read.predict_by_companion({name: table[name] for name in read.transform.inputs})
        assert isinstance(found, ValuePrediction) and companion.half_width is not None
        np.testing.assert_allclose(found.high - found.value, companion.half_width.at(found.value))
        assert np.mean((found.value - label) ** 2) < 0.5 * np.mean(without**2)
        assert 0.82 < ((found.low <= label) & (label <= found.high)).mean() <= 0.98


def test_the_interval_is_of_models_that_have_not_seen_the_rows_and_the_model_shipped_has(run: Run) -> None:
    transform = Transform.from_json((run.folder / "features" / "transform.json").read_text(encoding="utf-8"))
    terms = parse(run.text)
    train, validation = (read_part(run.folder / "features", name, terms, transform) for name in ("train", "validation"))
    rows = join(train, validation, terms)
    board = run.json("candidates/train.json")
    assert board["rows"]["shipped"] == board["rows"]["held_out"] == len(rows.both.label)
    table = pq.read_table(run.folder / "features" / "test.parquet")
    columns = {name: table[name] for name in transform.inputs}
    for entry in board["leaderboard"]:
        read = bundle.read(run.folder / "candidates" / entry["family"])
        assert isinstance(read.decision, ValueDecision)
        if entry["family"] == ENSEMBLE:
            continue
        predicted, parameters = cross_fit(
            get(entry["family"]), entry["parameters"], rows, seed=terms.training.seed, threads=1
        )
        value = read.decision.value(predicted)
        made = adaptive_half_width(value, np.abs(value - rows.held.label), 0.9)
        np.testing.assert_allclose(read.decision.half_width.at(value), made.at(value), rtol=1e-4)
        shipped = get(entry["family"]).fit(rows.both, parameters, seed=terms.training.seed, threads=1)
        np.testing.assert_allclose(
            read.predict(columns).value,
            read.decision.value(shipped.predict(transform.encode(columns).matrix)),
            rtol=1e-5,
            atol=1e-4,
        )


def test_the_ensemble_is_the_weighted_sum_of_values(run: Run) -> None:
    table = pq.read_table(run.folder / "features" / "test.parquet")
    entry = run.json("candidates/train.json")["leaderboard"][-1]
    ensemble = bundle.read(run.folder / "candidates" / ENSEMBLE)
    columns = {name: table[name] for name in ensemble.transform.inputs}
    matrix = ensemble.transform.encode(columns).matrix
    total = np.full(len(table), entry["parameters"]["intercept"])
    for family, weight in entry["parameters"].items():
        if family in REGRESSORS:
            total += weight * bundle.read(run.folder / "candidates" / family).model.run(matrix)[0]
    np.testing.assert_allclose(ensemble.model.run(matrix)[0], total, rtol=1e-6)
    answer = ensemble.predict({name: values[:20] for name, values in columns.items()}, explain=100)
    sums = [sum(reason.contribution for reason in row) for row in answer.reasons]
    np.testing.assert_allclose(np.array(sums) + ensemble.explainer.expected, total[:20], rtol=1e-4)


def test_a_family_that_nothing_shows_to_be_worse_than_the_best_is_chosen(run: Run) -> None:
    """By far: what customers spend here is a product, which no plain sum of columns can follow."""
    board = run.json("candidates/train.json")
    (chosen,) = (entry for entry in board["leaderboard"] if entry["chosen"])
    assert board["chosen"] == chosen["family"]
    best = min(board["leaderboard"], key=lambda entry: entry["validation_score"])
    assert chosen["validation_score"] < 1.05 * best["validation_score"]


def test_any_number_of_workers_gives_the_same_bundles(run: Run) -> None:
    refit(run, search(run, "again", workers=3), "candidates-again")
    versions = [
        {entry["family"]: entry["version"] for entry in run.json(f"{name}/train.json")["leaderboard"]}
        for name in ("candidates", "candidates-again")
    ]
    assert versions[0] == versions[1] and len(versions[0]) == 5


def test_the_matrix_does_not_know_the_label(run: Run) -> None:
    transform = Transform.from_json((run.folder / "features" / "transform.json").read_text(encoding="utf-8"))
    assert set(transform.inputs) == {"months", "orders", "basket", "plan"}
    assert parse(dump(parse(run.text))) == parse(run.text)


def small(columns: Mapping[str, Any] = MappingProxyType({}), rows: int = 400) -> Any:
    table = spending.table(rows)
    for name, values in columns.items():
        place = table.column_names.index(name) if name in table.column_names else len(table.column_names)
        if place < len(table.column_names):
            table = table.remove_column(place)
        table = table.append_column(name, [values])
    return table


def test_a_label_that_is_always_the_same_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the label 'future_spend' is 5 in every row"):
        up_to_features(tmp_path, contract(), small({"future_spend": ["5"] * 400}))


def test_rows_without_a_label_are_put_aside(tmp_path: Path) -> None:
    spend = small()["future_spend"].to_pylist()
    spend[7] = ""
    up_to_features(tmp_path, contract(), small({"future_spend": spend}))
    assert pq.read_metadata(tmp_path / "valid" / "quarantine.parquet").num_rows == 0
    set_aside = pq.read_table(tmp_path / "valid" / "set_aside.parquet").to_pylist()
    assert [(row["row"], row["reason"]) for row in set_aside] == [(8, "'future_spend' is missing")]


def test_a_validation_part_too_small_for_the_interval(tmp_path: Path) -> None:
    text = contract(decision={"interval": 0.99}, training={"families": ["linear_regression"], "trials": 1, "folds": 2})
    with pytest.raises(DataError, match=r"the validation part has 60 rows: an interval at 0\.99 needs at least 99"):
        up_to_features(tmp_path, text, small())


def test_too_few_rows_for_the_folds(tmp_path: Path) -> None:
    text = contract(quality={"min_rows": 10}, training={"folds": 9})
    with pytest.raises(DataError, match="the training part has 31 rows, 9 folds need at least 36"):
        up_to_features(tmp_path, text, small(rows=45))
