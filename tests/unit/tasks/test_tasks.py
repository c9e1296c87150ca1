"""One contract test suite for every task, and a third task that lives in these tests alone.

All runs by the front door: where a room of the library branched by a task's name, the third would not get through it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from task_cases import CASES

import tenure
from serving.v2.answer import always, output_tensors
from serving.v2.rest import write_answer
from tenure import bundle as bundles
from tenure import tasks
from tenure.contract import parse
from tenure.errors import BundleError, ContractError, DataError, InputError
from tenure.evaluation.evaluate import evaluate
from tenure.protocol import predictions, score_of
from tenure.report import render
from tenure.tracking.packaging import signature
from tenure.training.families import NAMES, direction


@dataclass(frozen=True)
class Trained:
    """A task's dataset, its model, and the model's evaluation."""

    task: tasks.Task
    dataset: tenure.Dataset
    rows: pa.Table
    model: tenure.Model
    evaluation: tenure.Evaluation


@pytest.fixture(scope="session")
def tiny_registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tasks.TASKS, "tiny", "tiny_task")
        yield


@pytest.fixture(scope="session", params=CASES)
def trained(request: pytest.FixtureRequest, tiny_registered: None, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    case, folder = CASES[request.param], tmp_path_factory.mktemp(request.param)
    (folder / "contract.yaml").write_text(f"{case.contract}source: {{uri: rows.csv}}\n")
    rows = case.table()
    pyarrow.csv.write_csv(rows, folder / "rows.csv")
    dataset = tenure.load(folder)
    model = tenure.train(dataset, families=[case.family], trials=1, folder=folder / "work")
    return Trained(tasks.get(request.param), dataset, rows, model, tenure.evaluate(model))


@pytest.fixture
def loaded(trained: Trained) -> bundles.Bundle:
    return bundles.read(trained.model.folder)


@pytest.fixture
def columns(trained: Trained, loaded: bundles.Bundle) -> dict[str, Any]:
    return {name: trained.rows[name].slice(0, 40) for name in loaded.contract.inputs}


def test_the_cases_are_all_tasks(tiny_registered: None) -> None:
    assert list(CASES) == list(tasks.TASKS)
    assert [task.name for task in tasks.each()] == list(tasks.TASKS)
    scores = [task.outputs.score for task in tasks.each()]
    assert len(set(scores)) == len(scores)
    with pytest.raises(ValueError, match="no task is called 'clustering': there are classification, regression, tiny"):
        tasks.get("clustering")


def test_the_description_fits_together(trained: Trained) -> None:
    task = trained.task
    assert task.outputs.score == task.outputs.columns[0] == task.outputs.tensors[0]
    assert set(task.outputs.columns) <= set(task.outputs.tensors)
    assert task.outputs.lowest < task.outputs.highest
    assert set(task.families) <= {*NAMES, "ensemble"}
    assert trained.dataset.contract.training.objective in task.objectives
    assert {direction(objective) for objective in task.objectives} <= {"maximize", "minimize"}
    assert len({task.texts.score_list for task in tasks.each()}) == len(tasks.TASKS)


def test_settings_of_other_tasks_are_invalid(trained: Trained) -> None:
    text = CASES[trained.task.name].contract
    with pytest.raises(ContractError, match=f"is no objective for {trained.task.name}: there are "):
        parse(f"{text}training: {{objective: accuracy}}\n")
    foreign = "acceptance: {min_roc_auc: 0.7}" if trained.task.name != "classification" else "acceptance: {min_r2: 0.1}"
    with pytest.raises(ContractError, match=f"this is for the task .*, the contract's is {trained.task.name}"):
        parse(f"{text}{foreign}\n")


def test_labels_are_read_checked_and_divided(trained: Trained) -> None:
    contract, label = trained.dataset.contract, trained.task.label
    check = tenure.check(trained.dataset)
    assert check.verdict == "pass"
    work = trained.model.workspace
    assert work is not None
    split = json.loads((work.features / "split.json").read_text())
    parts = {part: pyarrow.parquet.read_table(work.features / f"{part}.parquet") for part in split["rows"]}
    labels = {part: table["_label"].to_numpy() for part, table in parts.items()}
    assert all(values.dtype == label.dtype and label.invalid(values) is None for values in labels.values())
    described = label.describe_parts(labels)
    assert described == {name: split[name] for name in described} != {}
    strata = label.fold_strata(labels["train"], contract.training.folds)
    assert len(strata) == len(labels["train"]) and len(np.unique(strata)) >= label.min_classes
    assert label.invalid(np.array([np.nan])) is not None
    with pytest.raises(DataError, match="the train part of the split has 5 rows"):
        label.check_part("train", np.ones(5, dtype=label.dtype))


def test_a_decision_is_read_back_and_refuses_nonsense(trained: Trained, loaded: bundles.Bundle) -> None:
    decision = loaded.decision
    assert isinstance(decision, trained.task.decision)
    assert type(decision).from_json(decision.to_json()) == decision
    assert loaded.terms.link in decision.LINKS
    for nonsense in ("{}", "[]", "nonsense"):
        with pytest.raises(BundleError):
            type(decision).from_json(nonsense)
    with pytest.raises(InputError, match="threshold is nan"):
        decision.check_threshold(float("nan"))
    low, high = decision.histogram_ends()
    assert low < high
    assert json.dumps(decision.describe())


def test_a_prediction_has_the_numbers_of_the_task(loaded: bundles.Bundle, columns: dict[str, Any]) -> None:
    prediction = loaded.predict(columns, explain=2)
    outputs = tasks.get(loaded.contract.task).outputs
    assert prediction.outputs == outputs and len(prediction) == 40 and prediction.is_valid()
    assert list(prediction.columns) == list(outputs.columns)
    np.testing.assert_array_equal(prediction.number(outputs.score), prediction.score)
    assert prediction.first_row() == tuple(prediction.number(name)[0] for name in outputs.tensors)
    assert (prediction.decision == (prediction.score >= loaded.decision.threshold)).all()
    one_by_one = loaded.predict_each(
        [{name: values.slice(row, 1) for name, values in columns.items()} for row in (0, 1)]
    )
    for row, one in enumerate(one_by_one):
        assert isinstance(one, bundles.Prediction)
        assert one.first_row() == pytest.approx(tuple(prediction.number(name)[row] for name in outputs.tensors))


def test_invalid_scores_are_replaced_by_the_prediction_without_a_model(
    loaded: bundles.Bundle, columns: dict[str, Any]
) -> None:
    prediction = loaded.predict(columns, explain=1)
    without = loaded.decision.predict_without_model(loaded.version, len(prediction), None)
    assert without.is_valid() and len(set(without.score.tolist())) == 1
    prediction.score[3] = np.nan
    assert not prediction.is_valid()
    assert np.flatnonzero(prediction.invalid_rows()).tolist() == [3]
    mended = prediction.replace_rows(prediction.invalid_rows(), without)
    assert mended.is_valid() and mended.score[3] == without.score[3] and mended.reasons[3] == []
    np.testing.assert_array_equal(np.delete(mended.score, 3), np.delete(prediction.score, 3))


def test_an_answer_of_the_server_is_read_by_the_client(loaded: bundles.Bundle, columns: dict[str, Any]) -> None:
    prediction = loaded.predict(columns, explain=2)
    body, _ = write_answer("m", loaded.version, "1", output_tensors(prediction, 2, None), frozenset())
    rows = predictions(json.loads(body))
    outputs = prediction.outputs
    assert set(always(outputs)) < set(rows[0]) | {"contributions"}
    assert [score_of(row) for row in rows] == prediction.score.tolist()
    assert [[row[name] for name in outputs.tensors] for row in rows[:1]] == [list(prediction.first_row())]
    texts = tasks.get(loaded.contract.task).texts
    assert len(texts.cells(rows[0])) == len(texts.headings)
    names = [column.name for column in signature(loaded.contract).outputs]
    assert names == [*outputs.columns, "decision", "band"]


def test_a_day_is_scored(trained: Trained, tmp_path: Path) -> None:
    scores = tenure.score(trained.model, trained.rows, folder=tmp_path)
    (listed,) = tmp_path.glob(f"*/{trained.task.texts.score_list}")
    assert listed.read_text().startswith(f"key,{','.join(trained.task.outputs.columns)},contact,band")
    summary = json.loads((listed.parent / "summary.json").read_text())
    assert summary["rows"] == scores.rows == len(trained.rows)
    assert f"mean_{trained.task.outputs.score}" in summary


def test_an_evaluation_has_metrics_verdict_and_page(trained: Trained, tmp_path: Path) -> None:
    found = trained.evaluation
    assert found.verdict == "bless", found.why
    assert found.record["task"] == trained.task.name
    of_family = found.record["families"][0]["metrics"]
    if found.record["cross_fitting"] is None:
        assert of_family == found.record["metrics"]
    else:
        # The families of a small table are compared on its test part, the chosen one is evaluated on all rows.
        assert of_family.keys() == found.record["metrics"].keys() and of_family != found.record["metrics"]
    assert found.record["slices"] and found.record["importance"]
    page = found.report(tmp_path / "report.html").read_text()
    assert "Ready to use" in page and found.record["name"] in page
    texts = trained.task.texts
    on_screen, run_page = texts.run(found.record), texts.run_page(found.record)
    assert on_screen.decision and all(figure.metric in found.record["metrics"] for figure in on_screen.figures)
    assert on_screen.write_score(dict.fromkeys(trained.task.outputs.tensors, 0.5))
    assert set(run_page.metrics) <= set(found.record["metrics"])
    assert sum(map(sum, run_page.matrix)) == found.record["test"]["rows"]
    assert len(run_page.matrix) == len(run_page.categories)


def test_the_same_bundle_as_the_champion_is_identical_and_another_is_compared(trained: Trained, tmp_path: Path) -> None:
    work = trained.model.workspace
    assert work is not None
    champion = tmp_path / "champion"
    champion.mkdir()
    (champion / "bundle").symlink_to(trained.model.folder)
    record = {"name": "m", "version": "3", "bundle_version": trained.model.version}
    (champion / "champion.json").write_text(json.dumps(record))
    outcome = evaluate(
        contract=trained.model.contract,
        raw=work.raw,
        valid=work.valid,
        features=work.features,
        candidates=work.candidates,
        champion=champion,
        evaluation=tmp_path / "evaluation",
    )
    assert outcome.verdict == "bless" and outcome.record["champion"]["identical"]
    assert outcome.record["champion"]["comparison"]["difference"]["value"] == 0.0
    assert "The same model that is live already" in render(outcome.record, validation=None, ingest=None)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_what_a_server_asks_of_a_task_loads_no_training_evaluation_or_report(task: str) -> None:
    code = f"""
import sys
from tenure import tasks
task = tasks.get({task!r})
task.outputs, task.texts, task.objectives, task.families, task.decision, task.label
rooms = ("training", "evaluation", "report", "tracking")
print([name for name in sys.modules if name.startswith(tuple(f"tenure.{{room}}" for room in rooms))])
print(sorted({{"sklearn", "pandas", "xgboost", "mlflow", "jinja2"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]
