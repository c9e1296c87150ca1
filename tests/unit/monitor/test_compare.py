"""``tenure.monitoring.compare`` as a notebook calls it, what it writes, and evidently only where it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pytest
from test_monitor_logic import moved
from typer.testing import CliRunner

from pipelines.cli import app
from tenure import bundle as bundles
from tenure.errors import DataError, InputError
from tenure.monitoring import Monitoring, compare

KEYS = {
    "format",
    "verdict",
    "reasons",
    "notes",
    "columns",
    "inputs",
    "not_compared",
    "scores",
    "limits",
    "rows",
    "rejected",
    "rejected_reasons",
    "reference",
    "model",
    "source",
    "created_at",
}


def same(found: Monitoring, other: Monitoring) -> bool:
    given = {"source": "", "created_at": "", "reference": {}}
    return found.to_dict() | given == other.to_dict() | given


def test_a_bundle_or_its_folder_and_a_source_a_path_or_a_table(watched, small_bundle, save):
    source = save(small_bundle.rows)
    by_source = compare(watched, source)
    assert same(by_source, compare(bundles.read(watched), source.uri))
    assert same(by_source, compare(str(watched), small_bundle.rows))
    assert by_source.source == source.uri
    assert compare(watched, small_bundle.rows).source == "the table in memory"
    assert str(by_source) == (
        f"fine: 1,200 customers of {source.uri} against telco {bundles.read(watched).version}\n"
        "  nothing moved by a PSI of 0.1 or more\n"
        "  no reference table was given: scores are compared with those of the rows held out in training"
    )


def test_the_json_holds_every_distribution_that_was_compared(watched, small_bundle, save):
    broken = small_bundle.rows.to_pylist()
    for row in broken[:30]:
        row["tenure"] = "many"
    for row in broken[30:50]:
        row["Contract"] = "for ever"
    found = compare(watched, pa.Table.from_pylist(broken), reference=small_bundle.rows)
    document = json.loads(found.to_json())
    assert set(document) == KEYS
    assert document == found.to_dict()
    assert document["format"] == 1
    assert document["limits"] == {"watch_psi": 0.1, "max_psi": 0.25, "max_rejected_share": 0.05}
    assert list(document["inputs"]) == list(document["columns"])
    assert (document["rows"], document["rejected"]) == (1_170, 30)
    assert document["rejected_reasons"] == {"'tenure' is not a whole number": 30}
    assert document["reference"] == {"rows": 1_200, "source": "the table in memory"}
    contract = document["inputs"]["Contract"]
    new = {"value": "for ever", "share": pytest.approx(20 / 1_170)}
    assert contract["new_values"] == {"distinct": 1, "share": pytest.approx(20 / 1_170), "most_frequent": [new]}
    assert contract["current"]["other"] == pytest.approx(20 / 1_170)
    for described in document["inputs"].values():
        bins = len(described["values"]) if described["kind"] == "text" else len(described["edges"]) + 1
        for part in (described["reference"], described["current"]):
            assert len(part["shares"]) == bins
            assert sum(part["shares"]) + part["missing"] + part.get("other", 0.0) == pytest.approx(1.0)
    scores = document["scores"]
    assert set(scores) == {"psi", "mean_then", "mean_now", "of", "column", "edges", "reference", "current"}
    assert (scores["column"], scores["reference"]["rows"], scores["current"]["rows"]) == ("probability", 1_200, 1_170)
    for part in (scores["reference"], scores["current"]):
        assert len(part["shares"]) == len(scores["edges"]) + 1
        assert sum(part["shares"]) == pytest.approx(1.0)


def test_the_order_of_rows_makes_no_difference_to_the_new_values(watched, small_bundle):
    rows = small_bundle.rows
    plans = pa.array([f"plan {place % 7}" for place in range(rows.num_rows)])
    rows = rows.set_column(rows.column_names.index("Contract"), "Contract", plans)
    new = compare(watched, rows).inputs["Contract"]["new_values"]
    assert new["distinct"] == 7
    assert [entry["value"] for entry in new["most_frequent"]] == [f"plan {number}" for number in range(5)]
    assert new == compare(watched, rows.take(list(reversed(range(rows.num_rows))))).inputs["Contract"]["new_values"]


def test_a_table_that_lacks_a_column_is_an_error_of_one_line(watched, small_bundle):
    with pytest.raises(DataError, match="the table in memory lacks columns that the model needs: Contract"):
        compare(watched, small_bundle.rows.drop_columns(["Contract"]))


def test_customers_must_come_from_somewhere_and_scores_from_one_place(watched, small_bundle, tmp_path):
    with pytest.raises(DataError, match="give a table or a prediction log"):
        compare(watched)
    with pytest.raises(InputError, match="from 'scores' or from 'log'"):
        compare(watched, small_bundle.rows, scores=tmp_path, log=str(tmp_path))


def test_a_day_of_a_customer_is_not_compared_and_the_document_says_so(watched, small_bundle, tmp_path):
    from dataclasses import replace

    from tenure.contract import Column

    model = bundles.read(watched)
    known = {"since": Column(type="date", required=False), "note": Column(type="category", required=False)}
    contract = model.contract.model_copy(update={"columns": {**model.contract.columns, **known}})
    found = compare(replace(model, contract=contract), small_bundle.rows)
    assert found.not_compared == {
        "since": "dates change from day to day",
        "note": "the current customers have no such column",
    }


def test_both_files_are_written_and_evidently_is_not_imported(watched, small_bundle, save, tmp_path):
    """Evidently takes seconds to import."""
    current, reference = save(moved(small_bundle.rows)), save(small_bundle.rows, "then.csv")
    program = (
        "import sys; from tenure.monitoring import compare;"
        "found = compare(*sys.argv[1:3], reference=sys.argv[3]); found.save(sys.argv[4]);"
        "print(found.verdict, sorted({'evidently', 'kfp', 'mlflow'} & set(sys.modules)))"
    )
    arguments = [str(watched), current.uri, reference.uri, str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == "retrain []\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["drift.html", "monitoring.json"]


@pytest.fixture
def monitor(watched, small_bundle, save, tmp_path):
    """The command on the rows of the training part."""

    def run(*more):
        options = ["--model", str(watched), "--out", str(tmp_path / "out"), *more]
        return CliRunner().invoke(app, ["monitor", save(small_bundle.rows).uri, *options], prog_name="tenure")

    return run


def test_the_command_prints_verdict_reasons_and_the_path_of_the_page(monitor, tmp_path):
    result = monitor()
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("fine: 1,200 customers against ")
    assert lines[1] == "  nothing moved by a PSI of 0.1 or more"
    assert lines[-1] == f"report: {tmp_path / 'out' / 'drift.html'}"


@pytest.mark.parametrize("broken", [60, 61])
def test_the_command_counts_rejected_rows_up_to_the_contracts_limit(watched, small_bundle, save, tmp_path, broken):
    rows = small_bundle.rows.to_pylist()
    for row in rows[:broken]:
        row["tenure"] = "many"
    table = save(pa.Table.from_pylist(rows)).uri
    result = CliRunner().invoke(app, ["monitor", table, "--model", str(watched), "--out", str(tmp_path / "out")])
    if broken == 60:
        assert result.exit_code == 0, result.stderr
        assert "'tenure' is not a whole number     60" in result.stdout
        return
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "61 of 1,200 rows are rejected, 5.1 % (limit 5.0 %): 'tenure' is not a whole number" in result.stderr
    assert not (tmp_path / "out").exists()


def test_evidently_without_a_reference_is_an_error_before_anything_is_read(monitor, tmp_path):
    result = monitor("--evidently")
    assert result.exit_code == 2
    assert result.stderr == "tenure: --evidently compares rows with those of a reference table: give --reference\n"
    assert not (tmp_path / "out").exists()


def test_evidently_has_nothing_to_compare_without_rows(watched, small_bundle, tmp_path):
    with pytest.raises(InputError, match="give a reference table"):
        compare(watched, small_bundle.rows).save(tmp_path / "out", evidently=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_evidently_writes_its_page_beside_ours_where_it_is_asked_for(monitor, small_bundle, save, tmp_path):
    reference = save(moved(small_bundle.rows), "then.csv")
    result = monitor("--reference", reference.uri, "--evidently")
    assert result.exit_code == 7, result.stderr
    page = (tmp_path / "out" / "evidently.html").read_text()
    assert "MonthlyCharges" in page
    assert "Contract" in page
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["drift.html", "evidently.html", "monitoring.json"]
