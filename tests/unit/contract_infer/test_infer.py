"""Contracts drafted from data: they load, and their own data meets them."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spending
from pyarrow.csv import write_csv

from tenure.checks.validate import validate
from tenure.contract import Contract, parse
from tenure.contract.cuts import Rolling
from tenure.drafting.infer import infer
from tenure.drafting.writing import write_draft
from tenure.errors import DataError
from tenure.intake.ingest import ingest
from tenure.sources import open_source, sniff

TELCO = Path(__file__).parents[3] / "datasets" / "telco" / "telco_churn.csv"


def guess(path: Path, name: str = "a table") -> tuple[Contract, str]:
    """The contract guessed of the table at ``path``, read and as text."""
    settings = sniff(str(path))
    text = write_draft(infer(open_source(settings), settings, name))
    return parse(text), text


def meets(text: str, folder: Path) -> bool:
    """Whether the table meets the contract that was guessed of it, without a warning, a rejected or a bad row."""
    contract = parse(text)
    ingested = ingest(contract, folder / "raw")
    assert ingested.rows_rejected == 0
    validation = validate(contract, folder / "raw", folder / "valid").validation
    assert validation.rows.quarantined == 0
    return validation.verdict == "pass"


def gym(path: Path, rows: int = 600) -> Path:
    """A table of other names: numeric key, dates of two kinds, a label of 0 and 1, semicolons, odd missing texts."""
    rand = random.Random(3)
    with path.open("w", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(
            [
                "member_no",
                "snapshot_date",
                "joined",
                "visits",
                "fee",
                "zip",
                "plan",
                "note",
                "cancelled",
                "Gender",
                "app",
            ]
        )
        for n in range(rows):
            table.writerow(
                [
                    100_000 + n * 7,
                    date.today() - timedelta(days=n % 300),  # noqa: DTZ011
                    f"{1 + n % 28:02d}/{1 + n % 12:02d}/2019",
                    "" if n % 9 == 0 else n % 31,
                    f"{rand.random() * 50:.2f}" if n % 50 else "n/a",
                    f"0{1000 + n % 30}",
                    rand.choice(["basic", "plus", "NULL"]),
                    f"a text of {n}",
                    int(rand.random() < 0.3),
                    rand.choice("MF"),
                    rand.choice(["on", "off"]),
                ]
            )
    return path


def test_telco(tmp_path: Path) -> None:
    contract, text = guess(TELCO, "telco churn")
    assert contract.name == "telco-churn"
    assert (contract.key_column, contract.label_column, contract.label.positive) == ("customerID", "Churn", "Yes")
    assert contract.columns["TotalCharges"].type == "number"
    assert contract.columns["TotalCharges"].nullable
    assert contract.columns["tenure"].type == "integer"
    assert contract.columns["SeniorCitizen"].values == ("0", "1")
    assert contract.columns["Contract"].values == ("Month-to-month", "One year", "Two year")
    assert contract.columns["gender"].role == "sensitive"
    assert len(contract.inputs) == 18
    assert "found: 0 to 72" in text
    assert meets(text, tmp_path)


def test_another_teams_table(tmp_path: Path) -> None:
    contract, text = guess(gym(tmp_path / "gym.csv"))
    assert contract.source.delimiter == ";"
    assert (contract.key_column, contract.time, contract.label_column) == ("member_no", "snapshot_date", "cancelled")
    assert contract.label.positive == "1"
    assert contract.columns["member_no"].type == "integer"
    assert contract.columns["joined"].format == "%d/%m/%Y"
    assert contract.columns["joined"].role == "feature"
    assert contract.derived["days_since_joined"].expression == "days_between(joined, today())"
    assert contract.as_of is None
    assert contract.columns["visits"].max_missing_share > 0.11
    assert contract.columns["fee"].missing_values == ("n/a",)
    assert contract.columns["zip"].type == "category"
    assert contract.columns["plan"].values == ("basic", "plus")
    assert contract.columns["plan"].missing_values == ("NULL",)
    assert contract.columns["note"].role == "ignored"
    assert contract.columns["app"].values == ("off", "on")
    assert contract.split_strategy == "time"
    assert meets(text, tmp_path)


def test_a_parquet_file_with_types(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    rows = 400
    table = {
        "CustomerId": pa.array(range(rows)),
        "Balance": pa.array([n / 3 if n % 5 else None for n in range(rows)]),
        "Signed": pa.array([date(2020, 1, 1) + timedelta(days=n) for n in range(rows)]),
        "Exited": pa.array([n % 4 == 0 for n in range(rows)]),
        "Exit reason": pa.array(["price" if n % 4 == 0 else None for n in range(rows)]),
        "Row": pa.array(range(1, rows + 1)),
        "Same": pa.array(["x"] * rows),
        "Empty": pa.array([None] * rows, pa.string()),
    }
    pq.write_table(pa.table(table), path)
    contract, text = guess(path)
    assert (contract.key_column, contract.time, contract.label.positive) == ("CustomerId", None, "true")
    assert {n for n, c in contract.columns.items() if c.role == "ignored"} == {"Exit reason", "Row", "Same", "Empty"}
    assert contract.derived["days_since_signed"].expression == "days_between(Signed, today())"
    assert contract.as_of == date(2021, 2, 3)
    assert "numbers the rows" in text
    assert meets(text, tmp_path)


def test_columns_named_like_the_label_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"{n},{n % 2},{n % 7},{n % 90}" for n in range(300)]
    path.write_text("id,churn,churn_score,age\n" + "\n".join(lines))
    contract, text = guess(path)
    assert contract.columns["churn_score"].role == "ignored"
    assert list(contract.inputs) == ["age"]
    assert meets(text, tmp_path)


@pytest.mark.parametrize(
    ("label", "values", "positive"),
    [
        ("active", ("1", "0"), "0"),
        ("is_active", ("yes", "no"), "no"),
        ("status", ("Stayed", "Churned"), "Churned"),
        ("target", ("b", "a"), "a"),
    ],
)
def test_the_positive_value(tmp_path: Path, label: str, values: tuple[str, str], positive: str) -> None:
    path = tmp_path / "t.csv"
    lines = [f"{n},{values[n % 4 == 0]},{n % 90}" for n in range(300)]
    path.write_text(f"id,{label},age\n" + "\n".join(lines))
    contract, text = guess(path)
    assert (contract.label_column, contract.label.positive) == (label, positive)
    assert meets(text, tmp_path)


def test_an_event_log(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    lines = [f"{n % 50:05d},{date(2023, 1, 1) + timedelta(days=n % 500)},{n % 20}.5" for n in range(1_000)]
    path.write_text("customer_id,order_date,amount\n" + "\n".join(lines))
    contract, text = guess(path)
    log, made = contract.tables["events"], contract.assembly
    assert made is not None
    assert (log.kind, log.key_column, log.time) == ("events", "customer_id", "order_date")
    assert (contract.label.kind, contract.label.horizon) == ("no_event", "90 days")
    assert contract.cuts == Rolling(every="90 days", count=3)
    assert (contract.zone, contract.eligible) == ("UTC", "events_180d > 0")
    assert log.columns["customer_id"].type == "string"
    assert set(made.windows) >= {"days_since_last", "events_30d", "events_90d", "events_180d", "amount_sum"}
    assert contract.quality.freshness_days is None
    assert meets(text, tmp_path)


def test_a_tiny_table_and_a_rare_class(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,churn,age\n" + "\n".join(f"{n},{int(n == 5)},{n % 9}" for n in range(150)))
    contract, text = guess(path)
    assert contract.quality.min_rows == 135
    assert contract.quality.min_class_share == 0.003
    assert meets(text, tmp_path)


def test_names_that_yaml_would_misread(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = ["id", "on", "a: b", "#c", "ü - ü", "1", "null", "churn"]
    lines = [",".join([str(n), *(str((n * k) % 11) for k in range(1, 7)), str(n % 2)]) for n in range(300)]
    path.write_text(",".join(names) + "\n" + "\n".join(lines))
    contract, text = guess(path, "2024 Q1!")
    assert list(contract.columns) == names
    assert contract.name == "table-2024-q1"
    assert meets(text, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [("id,age\n1,5\n2,6\n3,7\n", "no column that can be the label"), ("id,churn\n", "has columns and no rows")],
)
def test_a_table_of_which_nothing_can_be_made(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        guess(path)


def guess_of(path: Path, label: str) -> tuple[Contract, str]:
    settings = sniff(str(path))
    text = write_draft(infer(open_source(settings), settings, "spending", label=label))
    return parse(text), text


def test_a_label_of_numbers_makes_it_a_regression(tmp_path: Path) -> None:
    path = tmp_path / "spending.csv"
    write_csv(spending.table(400), path)
    contract, text = guess_of(path, "future_spend")
    assert contract.task == "regression" and contract.label_column == "future_spend"
    assert contract.columns["future_spend"].range == (0.0, None)
    assert contract.training.objective == "rmse"
    assert contract.key_column == "customer"
    assert "the label: the number that is predicted; found: 0 to" in text
    assert "customer_value" not in text
    assert meets(text, tmp_path)


def test_a_label_of_two_values_is_taken_by_its_name(tmp_path: Path) -> None:
    contract, _ = guess_of(gym(tmp_path / "gym.csv"), "app")
    assert contract.task == "classification" and contract.label_column == "app"
    assert contract.label.positive in ("on", "off")
    assert contract.columns["cancelled"].role == "ignored"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("cancelld", r"has no column 'cancelld': did you mean 'cancelled'\?"),
        ("qqq", "has no column 'qqq': it has member_no, "),
        ("note", "'note' cannot be the label: it has neither two values"),
        ("snapshot_date", "'snapshot_date' cannot be the label: it has neither two values"),
        ("same", "'same' cannot be the label: it is 4 in every row"),
    ],
)
def test_a_column_that_can_be_no_label(label: str, said: str, tmp_path: Path) -> None:
    lines = gym(tmp_path / "gym.csv").read_text().splitlines()
    same = tmp_path / "same.csv"
    same.write_text("\n".join([f"{lines[0]};same", *(f"{line};4" for line in lines[1:])]) + "\n")
    with pytest.raises(DataError, match=said):
        guess_of(same, label)
