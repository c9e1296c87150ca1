"""From a table to a prediction by ``import tenure``: in five lines, on real and on unseen tables."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import tenure
from tenure.errors import BundleError, ContractError, DataError, InputError

ROOT = Path(__file__).resolve().parents[3]
TELCO = ROOT / "datasets" / "telco"
AS_OF = "2023-12-02"
"""The newest date of ``unseen``, which its drafted contract takes for the day of the table."""
FIVE_LINES = """
import tenure
data = tenure.load("datasets/telco")
print(tenure.check(data))
model = tenure.train(data, families=["logistic_regression"], trials=1)
print(tenure.evaluate(model))
print(model.predict(rows), tenure.score(model, "datasets/telco/telco_churn.csv"), tenure.explain(model, rows))
"""


def unseen(rows: int = 2_400) -> pd.DataFrame:
    """Subscribers of something, as a person would hold them: an index, dates, mixed and missing values."""
    rand = random.Random(5)
    months = [rand.randint(1, 60) for _ in range(rows)]
    spend = [round(rand.uniform(5, 90), 2) for _ in range(rows)]
    left = [rand.random() < 0.9 - 0.018 * one + 0.002 * money for one, money in zip(months, spend, strict=True)]
    return pd.DataFrame(
        {
            "months": months,
            "spend": [None if place % 50 == 7 else value for place, value in enumerate(spend)],
            "plan": pd.Categorical([rand.choice(["basic", "plus", "pro"]) for _ in range(rows)]),
            "calls": [rand.randint(0, 9) if place % 40 else "?" for place in range(rows)],
            "joined": pd.Timestamp("2024-01-01") - pd.to_timedelta(np.array(months) * 30, unit="D"),
            "has_left": left,
        },
        index=pd.Index([f"s{place:05}" for place in range(rows)], name="subscriber"),
    )


@pytest.fixture(scope="module")
def model() -> tenure.Model:
    return tenure.train(unseen(), families=["logistic_regression"], trials=1)


def test_five_lines_on_telco_import_no_platform() -> None:
    """Neither Kubeflow Pipelines nor MLflow is on the way from a table to a prediction."""
    code = (
        "import pyarrow.csv\n"
        "rows = pyarrow.csv.read_csv('datasets/telco/telco_churn.csv').slice(0, 3)\n"
        f"{FIVE_LINES}\n"
        "import sys\n"
        "heavy = {'kfp', 'mlflow', 'kserve', 'kubernetes', 'evidently', 'typer', 'components', 'pipelines'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=240
    )
    assert done.stderr.strip() == "[]"
    for shown in ("under the contract 'telco': pass", "bless: ", "roc_auc ", "7590-VHVEG", "7,043 customers scored"):
        assert shown in done.stdout


def test_the_import_itself_loads_nothing() -> None:
    code = "import tenure, sys; print(sorted(m for m in sys.modules if m.partition('.')[0] in ('tenure', 'numpy')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['tenure']"


def test_what_the_module_offers() -> None:
    assert set(tenure.__all__) <= set(dir(tenure))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        tenure.trian  # noqa: B018


def test_a_pandas_table_that_nobody_described(model: tenure.Model) -> None:
    data = tenure.load(unseen())
    assert (data.contract.key_column, data.contract.label_column, data.contract.task) == (
        "subscriber",
        "has_left",
        "classification",
    )
    assert "# the label" in data.text
    validation = tenure.check(data)
    assert validation.verdict == "pass", str(validation)
    assert validation.rows.good == 2_400
    assert data.contract.columns["joined"].type == "date"
    assert [entry.family for entry in model.leaderboard] == ["logistic_regression"]
    evaluation = tenure.evaluate(model)
    metrics = {one.name: one for one in evaluation.metrics}
    assert metrics["roc_auc"].low < metrics["roc_auc"].value < metrics["roc_auc"].high
    assert metrics["roc_auc"].value > 0.65
    assert evaluation.verdict in ("bless", "inconclusive", "reject")
    assert len(pd.DataFrame(evaluation.metrics)) == len(pd.DataFrame(evaluation.record["metrics"]).columns)


def test_predictions_keep_the_index_of_a_pandas_table(model: tenure.Model) -> None:
    rows = unseen().head(4).drop(columns="has_left")
    frame = model.predict(rows, explain=2).to_pandas()
    assert frame.index.equals(rows.index)
    assert frame["subscriber"].tolist() == rows.index.tolist()
    assert frame["probability"].between(0, 1).all()
    assert list(frame) == ["subscriber", "probability", "decision", "band", "recommendation"]


def test_rows_in_any_container_get_the_same_predictions(model: tenure.Model) -> None:
    frame = unseen().head(5).drop(columns="has_left").astype({"plan": str, "calls": str}).reset_index()
    columns = {name: frame[name].tolist() for name in frame}
    records = frame.to_dict("records")
    found = [
        model.predict(rows).table.column("probability").to_pylist()
        for rows in (frame, columns, records, pa.table(columns), pa.table(columns).to_batches()[0])
    ]
    assert all(one == pytest.approx(found[0]) for one in found)


def test_the_threshold_decides(model: tenure.Model) -> None:
    rows = unseen().head(20)
    assert model.predict(rows, threshold=0.0).table.column("decision").to_pylist() == [True] * 20
    assert tenure.score(model, rows, threshold=1.0).contacts == 0


def test_scores_are_those_of_predict_and_rejected_rows_are_counted(model: tenure.Model, tmp_path: Path) -> None:
    rows = unseen().head(50).reset_index()
    rows.loc[3, "months"] = -1
    table = rows.astype({"months": object})
    table.loc[4, "months"] = "many"
    table.to_csv(tmp_path / "today.csv", index=False, sep=";")
    scores = tenure.score(model, tmp_path / "today.csv", folder=tmp_path / "scores")
    assert (scores.rows, scores.rejected, len(scores)) == (49, 1, 49)
    assert next(iter(scores.reasons)).startswith("'months'")
    frame = scores.to_pandas()
    kept = table.drop(index=4).astype({"months": int})
    expected = model.predict(kept).table.column("probability").to_pylist()
    assert frame["probability"].tolist() == pytest.approx(expected)
    assert frame["row"].tolist() == [place + 1 for place in range(50) if place != 4]
    assert scores.folder.parent == tmp_path / "scores"
    assert "49 customers scored, 1 row rejected" in repr(scores)


def test_contributions_add_up_to_the_margin(model: tenure.Model) -> None:
    rows = unseen().head(7)
    explanation = tenure.explain(model, rows)
    total = explanation.to_pandas().sum(axis=1) + explanation.expected
    assert total.to_numpy() == pytest.approx(model.predict(rows).details.margin, abs=1e-4)
    assert explanation.to_pandas().index.equals(rows.index)
    (name, value), *_ = explanation.largest(0)
    assert abs(value) == explanation.to_pandas().iloc[0].abs().max()
    assert f"{name} {value:+.3f}" in repr(explanation)


def test_monitoring_sees_who_has_changed(model: tenure.Model, tmp_path: Path) -> None:
    assert tenure.monitor(model, unseen(), day=AS_OF).verdict == "fine"
    other = unseen()
    other["spend"] = other["spend"] * 3
    found = tenure.monitor(model, other, reference=unseen(), day=AS_OF)
    assert found.verdict == "retrain"
    assert "'spend' moved far" in found.reasons[0]


def test_a_saved_model_is_read_again(model: tenure.Model, tmp_path: Path) -> None:
    rows = unseen().head(3)
    again = tenure.read(model.save(tmp_path / "bundle"))
    assert (again.version, again.name, again.family) == (model.version, model.name, "logistic_regression")
    assert again.predict(rows).table.equals(model.predict(rows).table)
    with pytest.raises(InputError, match="a bundle holds no rows to evaluate it on"):
        tenure.evaluate(again)
    with pytest.raises(BundleError, match="exists and is not empty"):
        model.save(tmp_path / "bundle")


def test_the_report_is_a_page(model: tenure.Model, tmp_path: Path) -> None:
    page = tenure.evaluate(model).report(tmp_path / "sub" / "report.html")
    assert "<html" in page.read_text(encoding="utf-8")


def test_the_temporary_folder_goes_with_the_model() -> None:
    trained = tenure.train(unseen(), families=["logistic_regression"], trials=1)
    folder = trained.folder
    assert folder.is_dir()
    del trained
    assert not folder.exists()


def test_a_folder_keeps_the_intermediate_files(tmp_path: Path) -> None:
    tenure.train(unseen(), families=["logistic_regression"], trials=1, folder=tmp_path / "work")
    assert (tmp_path / "work" / "features" / "transform.json").is_file()


def test_the_same_model_as_the_pipelines(tmp_path: Path) -> None:
    """One implementation: the front door and the steps make the same bundle of the same table."""
    from components.feature.logic import run as feature
    from components.ingest.logic import run as ingest
    from components.train.logic import run as train
    from components.tune.logic import run as tune
    from components.validate.logic import run as validate
    from tenure.bundle import read
    from tenure.contract import dump
    from tenure.contract.overrides import override

    pq.write_table(tenure.load(unseen()).table, tmp_path / "table.parquet")
    data = tenure.load(tmp_path / "table.parquet")
    model = tenure.train(data, families=["logistic_regression"], trials=2, seed=3)
    text = dump(override(data.contract, families=["logistic_regression"], trials=2, seed=3))
    raw, valid, features, trials, candidates = (tmp_path / name for name in "abcde")
    ingest(text, None, raw)
    validate(text, raw, valid)
    feature(text, valid, features)
    tune(contract=text, features=features, storage=str(tmp_path / "studies"), trials=trials)
    train(
        contract=text,
        raw=raw,
        valid=valid,
        features=features,
        trials=[trials],
        candidates=candidates,
        created_at="2026-01-01T00:00:00+00:00",
    )
    assert read(candidates / "logistic_regression").version == model.version


class TestLoad:
    def test_a_contract_in_all_its_forms(self) -> None:
        text = (TELCO / "contract.yaml").read_text(encoding="utf-8")
        table = pyarrow.csv.read_csv(TELCO / "telco_churn.csv").slice(0, 300)
        loaded = [
            tenure.load(TELCO),
            tenure.load(str(TELCO / "contract.yaml")),
            tenure.load(text, table=table),
            tenure.load(tenure.load(TELCO).contract, table=TELCO / "telco_churn.csv"),
        ]
        assert {data.name for data in loaded} == {"telco"}
        assert [tenure.check(data).rows.read for data in loaded[::2]] == [7043, 300]

    def test_a_corrected_draft(self) -> None:
        draft = tenure.load(unseen())
        corrected = tenure.load(draft.text.replace("name: table", "name: subscribers"), table=unseen())
        assert corrected.name == "subscribers"
        assert tenure.check(corrected).verdict == "pass"

    def test_a_label_that_is_a_number_makes_a_regression(self) -> None:
        assert tenure.load(unseen().drop(columns="has_left"), label="spend").contract.task == "regression"

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"where": "none.csv"}, DataError, "no such file: .*none.csv"),
            ({"where": "tests"}, ContractError, "no contract at tests/contract.yaml"),
            ({"where": "none.yaml"}, ContractError, "no contract at none.yaml"),
            ({"where": unseen(), "label": "gone"}, DataError, "has no column 'gone'"),
            ({"where": TELCO, "label": "Churn"}, InputError, "the contract says which column is the label"),
            ({"where": unseen(), "table": unseen()}, InputError, "the first argument is a table already"),
            ({"where": {"a": [1], "b": [1, 2]}}, DataError, "columns differ in length: a has 1, b has 2"),
            ({"where": {"a": 1}}, DataError, "column 'a' is a single int"),
            ({"where": 7}, DataError, "a int is not a table"),
            ({"where": "name: x\ncolums: {}\n"}, ContractError, "contract:2: unknown key 'colums'"),
        ],
    )
    def test_what_cannot_be_loaded(self, arguments: dict, error: type, message: str, monkeypatch) -> None:
        monkeypatch.chdir(ROOT)
        with pytest.raises(error, match=message) as caught:
            tenure.load(**arguments)
        assert "\n" not in str(caught.value)


def test_arguments_that_cannot_hold(model: tenure.Model) -> None:
    with pytest.raises(ContractError, match=r"'training\.trials'"):
        tenure.train(unseen(), trials=0)
    with pytest.raises(ContractError, match=r"training\.families"):
        tenure.train(unseen(), families=["oracle"])
    with pytest.raises(InputError, match=r"use tenure\.score"):
        model.predict("today.csv")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="column 'months'"):
        model.predict({"spend": [1.0]})


def test_a_table_that_must_not_be_used_is_not_trained_on() -> None:
    table = unseen().assign(has_left=True)
    with pytest.raises(DataError, match="has one class only"):
        tenure.train(tenure.load(tenure.load(unseen()).contract, table=table))
