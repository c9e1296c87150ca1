"""Scoring real telco rows: the same answers as the bundle gives, whatever the parts, kills and dirt."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv as arrow_csv

from tenure.bundle import read
from tenure.contract import load
from tenure.contract.settings import Source
from tenure.errors import DataError, InputError
from tenure.intake.customers import Customers
from tenure.scoring import score as scoring

ROWS = 1_000
DAY = "2026-11-21"


@pytest.fixture
def table(small_bundle, tmp_path):
    path = tmp_path / "customers.csv"
    arrow_csv.write_csv(small_bundle.rows.slice(0, ROWS).drop_columns(["Churn"]), path)
    return path


def score(small_bundle, table, out, **changes):
    model, source = read(small_bundle.folder), Source(uri=str(table))
    return scoring.score(model, source, out, **({"day": DAY} | changes)).summary


def parts(folder):
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_customer_gets_what_the_bundle_says(small_bundle, table, tmp_path):
    summary = score(small_bundle, table, tmp_path / "out", part_rows=300)
    folder = tmp_path / "out" / DAY
    assert names(tmp_path / "out") == [DAY]
    assert names(folder) == [
        "high-risk.csv",
        *(f"part-0000{number}.parquet" for number in range(4)),
        "rejected.parquet",
        "summary.json",
    ]
    scored = parts(folder)
    rows = small_bundle.rows.slice(0, ROWS)
    expected = read(small_bundle.folder).predict({name: rows[name] for name in rows.column_names})
    np.testing.assert_array_equal(scored["probability"].to_numpy(), expected.probability)
    assert scored["decision"].to_pylist() == expected.decision.tolist()
    assert scored["band"].to_pylist() == expected.band
    assert scored["key"].to_pylist() == rows["customerID"].to_pylist()
    assert scored["row"].to_pylist() == list(range(1, ROWS + 1))
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert (summary["rows"], summary["rejected"], summary["contacts"]) == (ROWS, 0, int(expected.decision.sum()))
    assert sum(summary["histogram"]["counts"]) == ROWS
    assert summary["mean_probability"] == pytest.approx(expected.probability.mean())


def test_the_high_risk_list_is_of_the_riskiest_with_reasons(small_bundle, table, tmp_path):
    score(small_bundle, table, tmp_path / "out", part_rows=300, top=7)
    with (tmp_path / "out" / DAY / "high-risk.csv").open() as file:
        listed = list(csv.DictReader(file))
    probability = parts(tmp_path / "out" / DAY)["probability"].to_numpy()
    assert [float(row["probability"]) for row in listed] == pytest.approx(np.sort(probability)[::-1][:7], abs=1e-6)
    assert all(row["reason_1"] and row["reason_3"] for row in listed)


def test_a_killed_run_goes_on_from_its_last_whole_part(small_bundle, table, tmp_path, monkeypatch):
    whole = tmp_path / "whole"
    score(small_bundle, table, whole, part_rows=300)
    real, calls = scoring._score_part, []

    def killed(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(scoring, "_score_part", killed)
    with pytest.raises(KeyboardInterrupt):
        score(small_bundle, table, tmp_path / "out", part_rows=300)
    assert names(tmp_path / "out") == [f".{DAY}.partial"]
    assert score(small_bundle, table, tmp_path / "out", part_rows=300)["parts_reused"] == 2
    assert len(calls) == 5
    assert parts(tmp_path / "out" / DAY).equals(parts(whole / DAY))


def test_a_killed_run_on_other_rows_begins_anew(small_bundle, table, tmp_path, monkeypatch):
    def publish(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(scoring, "close_work_folder", publish)
        with pytest.raises(KeyboardInterrupt):
            score(small_bundle, table, tmp_path / "out", part_rows=300)
    arrow_csv.write_csv(small_bundle.rows.slice(100, 650), table)
    # The rows moved under the same address; then the threshold is another one, and so is the job.
    assert score(small_bundle, table, tmp_path / "out", part_rows=300)["parts_reused"] == 0
    folder = tmp_path / "out" / DAY
    assert len(list(folder.glob("part-*"))) == 3
    assert parts(folder)["key"].to_pylist() == small_bundle.rows["customerID"].slice(100, 650).to_pylist()


def test_a_killed_run_on_corrected_values_scores_them_again(small_bundle, table, tmp_path, monkeypatch):
    """The keys and row numbers are the same: what counts is all that the model reads."""

    def publish(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(scoring, "close_work_folder", publish)
        with pytest.raises(KeyboardInterrupt):
            score(small_bundle, table, tmp_path / "out", part_rows=300)
    corrected = small_bundle.rows.slice(0, ROWS).to_pylist()
    corrected[350]["Contract"], corrected[350]["tenure"] = "Two year", "70"
    arrow_csv.write_csv(pa.Table.from_pylist(corrected), table)
    assert score(small_bundle, table, tmp_path / "out", part_rows=300)["parts_reused"] == 3
    expected = read(small_bundle.folder).predict(
        {name: [row[name] for row in corrected] for name in small_bundle.rows.column_names}
    )
    np.testing.assert_array_equal(parts(tmp_path / "out" / DAY)["probability"].to_numpy(), expected.probability)


def test_the_days_folder_is_replaced_whole(small_bundle, table, tmp_path):
    score(small_bundle, table, tmp_path / "out")
    second = score(small_bundle, table, tmp_path / "out", threshold=0.0)
    assert second["contacts"] == ROWS
    assert names(tmp_path / "out") == [DAY]
    assert all(parts(tmp_path / "out" / DAY)["decision"].to_pylist())


def test_rows_that_cannot_be_read_are_kept_with_the_reason(small_bundle, table, tmp_path):
    lines = table.read_text().splitlines()
    header = [name.strip('"') for name in lines[0].split(",")]
    fields = lines[5].split(",")
    fields[header.index("tenure")] = "many"
    lines[5] = ",".join(fields)
    table.write_text("\n".join(lines) + "\n")
    summary = score(small_bundle, table, tmp_path / "out")
    assert (summary["rows"], summary["rejected"]) == (ROWS - 1, 1)
    rejected = pq.read_table(tmp_path / "out" / DAY / "rejected.parquet").to_pylist()
    assert [row["row"] for row in rejected] == [5]
    assert "many" in rejected[0]["reason"]
    assert 5 not in parts(tmp_path / "out" / DAY)["row"].to_pylist()


def test_an_event_log_is_no_table_of_customers(tmp_path):
    cdnow = Path(__file__).resolve().parents[3] / "datasets" / "cdnow"
    customers = Customers(load(cdnow), Source(uri="cdnow_orders.csv"), cdnow)
    with pytest.raises(DataError, match=r"lacks columns that the model needs: orders, .*; or give the dataset's"):
        next(customers.batches())


def test_a_table_without_a_column_that_the_model_needs(small_bundle, table, tmp_path):
    arrow_csv.write_csv(small_bundle.rows.slice(0, 5).drop_columns(["tenure", "Contract"]), table)
    with pytest.raises(DataError, match="lacks columns that the model needs: tenure, Contract"):
        score(small_bundle, table, tmp_path / "out")
    assert not (tmp_path / "out" / DAY).exists()


def test_names_in_another_case_are_pointed_out(small_bundle, table, tmp_path):
    rows = small_bundle.rows.slice(0, 5)
    arrow_csv.write_csv(rows.rename_columns([name.upper() for name in rows.column_names]), table)
    with pytest.raises(DataError, match=r"it has '[A-Z]+', and the case of letters counts"):
        score(small_bundle, table, tmp_path / "out")


def test_a_table_without_rows(small_bundle, table, tmp_path):
    table.write_text(table.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="no row can be scored"):
        score(small_bundle, table, tmp_path / "out")
    assert not (tmp_path / "out" / DAY).exists()


@pytest.mark.parametrize("day", ["../elsewhere", ".hidden", "a/b"])
def test_a_day_that_is_no_folders_name(small_bundle, table, tmp_path, day):
    with pytest.raises(InputError, match="is not a valid name of a day"):
        score(small_bundle, table, tmp_path / "out", day=day)


def test_a_regression_gives_values_with_intervals(small_value_bundle, tmp_path):
    table = tmp_path / "customers.csv"
    arrow_csv.write_csv(small_value_bundle.rows.drop_columns(["future_spend"]), table)
    summary = score(small_value_bundle, table, tmp_path / "out", part_rows=300, top=5)
    folder = tmp_path / "out" / DAY
    rows = small_value_bundle.rows
    expected = read(small_value_bundle.folder).predict({name: rows[name] for name in rows.column_names})
    scored = parts(folder)
    assert scored.column_names == ["key", "row", "value", "value_low", "value_high", "decision", "band"]
    np.testing.assert_array_equal(scored["value"].to_numpy(), expected.value)
    np.testing.assert_array_equal(scored["value_high"].to_numpy(), expected.high)
    assert summary["mean_value"] == pytest.approx(expected.value.mean())
    assert sum(summary["histogram"]["counts"]) == len(rows)
    assert summary["histogram"]["ends"][0] == 0.0 < summary["histogram"]["ends"][1]
    with (folder / "highest-value.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert [float(row["value"]) for row in listed] == pytest.approx(np.sort(expected.value)[::-1][:5], abs=1e-6)
    assert all(float(row["value_low"]) < float(row["value"]) < float(row["value_high"]) for row in listed)
