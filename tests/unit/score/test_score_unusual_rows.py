"""Rows that are not as in training: rejected up to the contract's share, counted by column, never scored in silence."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv as arrow_csv
from typer.testing import CliRunner

import tenure
from components.score import logic
from pipelines.cli import app
from tenure.bundle import read
from tenure.contract.settings import Business, Source, Split
from tenure.errors import DataError
from tenure.monitoring.current import read_table
from tenure.scoring.input_counts import InputCounts
from tenure.scoring.remarks import Remarks
from tenure.scoring.repeats import find_repeats
from tenure.scoring.score import score
from tenure.stats import sketch

DAY = "2026-11-21"
REASON = "'tenure' is not a whole number"


@pytest.fixture
def rows(small_bundle):
    """400 customers as texts, by column; to be changed."""
    table = small_bundle.rows.slice(0, 400).drop_columns(["Churn"])
    return {name: table[name].to_pylist() for name in table.column_names}


@pytest.fixture
def run(small_bundle, tmp_path):
    def scored(rows, **changes):
        table = pa.table(rows)
        arrow_csv.write_csv(table, tmp_path / "customers.csv")
        source = Source(uri=str(tmp_path / "customers.csv"))
        return score(read(small_bundle.folder), source, tmp_path / "out", **({"day": DAY} | changes))

    return scored


def spoil(rows, column, places, value):
    for place in places:
        rows[column][place] = value


def test_up_to_the_limit_every_reason_is_counted_with_its_first_row(rows, run):
    spoil(rows, "tenure", range(10, 20), "many")
    spoil(rows, "Partner", range(15, 22), "perhaps")
    spoil(rows, "customerID", [30, 40, 41], " ")
    summary = run(rows).summary
    assert (summary["rows"], summary["rejected"]) == (385, 15)
    assert summary["reasons"] == {
        "'Partner' is not 'No' or 'Yes'": 7,
        REASON: 5,
        "'customerID' is missing, and is the key": 3,
    }
    assert summary["first_rejected"] == {
        REASON: "row 11: 'many'",
        "'customerID' is missing, and is the key": "row 31",
        "'Partner' is not 'No' or 'Yes'": "row 16: 'perhaps'",
    }


def test_above_the_limit_nothing_is_published_and_the_rejected_rows_are_kept(rows, run, tmp_path):
    before = run(rows).summary
    spoil(rows, "tenure", range(21), "many")
    with pytest.raises(DataError) as caught:
        run(rows)
    kept = tmp_path / "out" / f"{DAY}-rejected.parquet"
    assert str(caught.value) == (
        f"{tmp_path}/customers.csv: 21 of 400 rows are rejected, 5.2 % (limit 5.0 %): {REASON} (21 rows, the first is "
        f"row 1: 'many'); all of them: {kept}"
    )
    assert pq.read_table(kept)["row"].to_pylist() == list(range(1, 22))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [DAY, kept.name]
    assert json.loads((tmp_path / "out" / DAY / "summary.json").read_text()) == before
    spoil(rows, "tenure", range(21), "1")
    assert run(rows).summary["parts_reused"] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [DAY]


def test_the_message_has_the_three_most_frequent_reasons(rows, run):
    for times, column in enumerate(("tenure", "Partner", "MonthlyCharges", "PaperlessBilling"), 5):
        spoil(rows, column, range(10 * times, 11 * times), "?!")
    with pytest.raises(DataError) as caught:
        run(rows)
    said = str(caught.value)
    assert "\n" not in said
    reasons = ["'PaperlessBilling' is not 'No' or 'Yes' (8 rows", "'MonthlyCharges' is not a number (7 rows"]
    assert [said.index(reason) for reason in reasons] == sorted(said.index(reason) for reason in reasons)
    assert "; and 1 more" in said
    assert "'tenure'" not in said


def test_a_table_of_which_no_row_has_a_key_is_not_scored(rows, run):
    spoil(rows, "customerID", range(400), "")
    with pytest.raises(DataError, match=r"400 of 400 rows are rejected, 100.0 % .*'customerID' is missing, and is the"):
        run(rows)


def test_rows_that_repeat_a_key_are_scored_and_counted(rows, run):
    spoil(rows, "customerID", [100, 200, 300], rows["customerID"][7])
    spoil(rows, "customerID", [301], rows["customerID"][299])
    summary = run(rows, part_rows=50).summary
    assert (summary["rows"], summary["rejected"]) == (400, 0)
    assert summary["repeated_keys"] == {"rows": 4, "first": rows["customerID"][7]}


def test_the_list_tells_rows_of_one_key_apart(rows, run):
    spoil(rows, "customerID", range(400), "C1")
    folder = run(rows, top=400).folder
    with (folder / "high-risk.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert {row["key"] for row in listed} == {"C1"}
    assert sorted(int(row["row"]) for row in listed) == list(range(1, 401))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["key"], {"rows": 2, "first": "a"}),
        (["key", "time"], {"rows": 1, "first": "a"}),
        ([], {"rows": 0, "first": None}),
    ],
)
def test_in_a_panel_a_customer_and_time_is_repeated(tmp_path, columns, found):
    days = pa.array([20_000, 20_001, None, 20_000], pa.int32()).cast(pa.date32())
    table = pa.table({"key": ["a", "a", "b", "a"], "time": days})
    pq.write_table(table.slice(0, 3), tmp_path / "1.parquet")
    pq.write_table(table.slice(3), tmp_path / "2.parquet")
    assert find_repeats([tmp_path / "1.parquet", tmp_path / "2.parquet"], columns) == found


def test_a_panel_is_scored_with_its_times(small_bundle, rows, tmp_path):
    """The time column is no input of the model: it is read where the table has it, and not required."""
    from tenure.contract import Column

    model = read(small_bundle.folder)
    columns = {**model.contract.columns, "month": Column(type="date", role="time")}
    contract = model.contract.model_copy(update={"columns": columns, "split": Split(by="customer")})
    panel = type(model)(**{**vars(model), "contract": contract})
    ids = rows["customerID"]
    rows["customerID"] = ids[:200] * 2
    without = score(panel, pa.table(rows), tmp_path / "out", day=DAY).summary
    assert without["repeated_keys"] == {"rows": 200, "first": ids[0]}
    rows["month"] = ["2026-01-01"] * 200 + ["2026-02-01"] * 199 + ["never"]
    run = score(panel, pa.table(rows), tmp_path / "out", day=DAY)
    assert (run.summary["repeated_keys"]["rows"], run.summary["rejected"]) == (0, 0)
    scored = pq.read_table(next(run.folder.glob("part-*")))
    assert scored.column_names[:3] == ["key", "row", "time"]
    assert scored["time"].null_count == 1


def test_values_are_counted_as_the_server_flags_them(rows, run, small_bundle):
    spoil(rows, "Contract", range(12), "Weekly")
    spoil(rows, "Contract", range(12, 15), "Daily")
    spoil(rows, "Contract", [20], "")
    spoil(rows, "MonthlyCharges", [30, 31], "")
    spoil(rows, "tenure", [40], "900")
    summary = run(rows, part_rows=14).summary
    assert summary["unknown"] == {"Contract": {"rows": 15, "values": {"Weekly": 12, "Daily": 3}}}
    assert summary["out_of_range"] == {"tenure": 1}
    assert (summary["imputed"]["MonthlyCharges"], summary["imputed"]["Contract"]) == (2, 1)
    whole = read(small_bundle.folder).predict(rows)
    assert summary["imputed"] == {name: int(mask.sum()) for name, mask in whole.imputed.items()}
    assert {name: found["rows"] for name, found in summary["unknown"].items()} == {
        name: int(mask.sum()) for name, mask in whole.unknown.items()
    }
    assert summary["out_of_range"] == {name: int(mask.sum()) for name, mask in whole.out_of_range.items()}


def test_a_resumed_run_counts_the_values_of_the_parts_that_it_kept(rows, run, monkeypatch):
    from tenure.scoring import score as scoring

    spoil(rows, "Contract", range(300), "Weekly")

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(scoring, "close_work_folder", killed)
        with pytest.raises(KeyboardInterrupt):
            run(rows, part_rows=100)
    summary = run(rows, part_rows=100).summary
    assert summary["parts_reused"] == 4
    assert summary["unknown"]["Contract"] == {"rows": 300, "values": {"Weekly": 300}}


def test_ten_unknown_values_are_named_and_memory_is_bounded(monkeypatch):
    from types import SimpleNamespace

    import numpy as np

    monkeypatch.setattr(sketch, "MAX_VALUES", 50)
    counts, everywhere = InputCounts(), {"plan": np.ones(40, dtype=bool)}
    flagged = SimpleNamespace(imputed={}, out_of_range={}, unknown=everywhere)
    for part in range(5):
        plans = [f"p{number}" for number in range(20)] + [f"only in {part}: {number}" for number in range(20)]
        counts.add(flagged, pa.table({"plan": plans}))
    found = counts.summary()["unknown"]["plan"]
    assert found["rows"] == 200
    assert len(found["values"]) == 10
    assert set(found["values"].values()) == {5}


def test_the_screen_names_everything(small_bundle, rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spoil(rows, "tenure", [3, 9], "many")
    spoil(rows, "customerID", [50], rows["customerID"][5])
    spoil(rows, "Contract", range(60, 72), "Weekly")
    spoil(rows, "MonthlyCharges", [100], "")
    arrow_csv.write_csv(pa.table(rows), "customers.csv")
    result = CliRunner().invoke(app, ["score", "customers.csv", "--model", str(small_bundle.folder), "--day", DAY])
    assert result.exit_code == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0].startswith("398 customers scored")
    assert f"1 row repeats the 'customerID' of an earlier row, the first with '{rows['customerID'][5]}'" in lines[2]
    assert f"{REASON} 2 row 4: 'many'" in lines
    assert "Contract unknown 12 'Weekly' 12" in lines
    assert "MonthlyCharges missing (not nullable), imputed 1" in lines
    spoil(rows, "tenure", range(50), "many")
    arrow_csv.write_csv(pa.table(rows), "customers.csv")
    result = CliRunner().invoke(app, ["score", "customers.csv", "--model", str(small_bundle.folder), "--day", DAY])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"50 of 400 rows are rejected, 12.5 % (limit 5.0 %): {REASON}" in result.stderr


def test_a_clean_table_has_no_remarks(rows, run, small_bundle):
    remarks = Remarks.of(run(rows).summary, read(small_bundle.folder).contract)
    assert (remarks.sentences, remarks.rejected) == ((), ())


def test_monitoring_and_python_and_the_step_have_the_same_limit(small_bundle, rows, tmp_path):
    model = tenure.read(small_bundle.folder)
    spoil(rows, "tenure", range(20), "many")
    scores = tenure.score(model, rows)
    assert scores.reasons == {REASON: 20}
    assert "row 1: 'many'" in repr(scores)
    assert "row 1: &#x27;many&#x27;" in scores._repr_html_()
    assert read_table(model.bundle, pa.table(rows), tmp_path).rejected == {REASON: 20}
    spoil(rows, "tenure", range(21), "many")
    pattern = r"21 of 400 rows are rejected, 5\.2 % \(limit 5\.0 %\).*the first is row 1: 'many'\)$"
    with pytest.raises(DataError, match=pattern):
        tenure.score(model, rows)
    with pytest.raises(DataError, match=r"all of them: .*-rejected\.parquet"):
        tenure.score(model, rows, folder=tmp_path / "mine")
    with pytest.raises(DataError, match=pattern):
        read_table(model.bundle, pa.table(rows), tmp_path)
    arrow_csv.write_csv(pa.table(rows), tmp_path / "bad.csv")
    with pytest.raises(DataError, match=pattern):
        logic.run(bundle=small_bundle.folder, source=Source(uri=str(tmp_path / "bad.csv")), out=tmp_path / "scores")
    assert not list((tmp_path / "scores").iterdir())


def test_decisions_by_default_business_values_are_told(rows, run, small_bundle):
    summary, contract = run(rows).summary, read(small_bundle.folder).contract
    unset = contract.model_copy(update={"business": Business(customer_value=600.0)})
    (said,) = Remarks.of(summary, unset).sentences
    assert said.startswith(
        "Not all business values are set: decisions whom to contact rest on defaults, namely that an"
    )
    assert said.endswith("Set offer_cost, offer_success_share and contacts under 'business' in the contract.")
