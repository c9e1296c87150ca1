"""What ``tenure init`` writes, ``tenure check`` accepts: a property of any table."""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.api.arrow import to_arrow
from tenure.checks.validate import validate
from tenure.contract import parse
from tenure.contract.settings import Source as SourceSettings
from tenure.contract.sources import sources_of
from tenure.drafting.infer import infer
from tenure.drafting.writing import write_draft
from tenure.errors import DataError
from tenure.intake.ingest import ingest
from tenure.sources import open_source, sniff

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALLOWED_STOPS = {"classes", "label", "rows"}
"""Checks that stop for a reason that lies in the data."""

Make = Callable[[random.Random, int], Any]


def _day(rand: random.Random, form: str, years: int = 3) -> str:
    return (date(2026, 11, 1) - timedelta(days=rand.randrange(365 * years))).strftime(form)


KINDS: dict[str, Make] = {
    "integer": lambda rand, row: str(rand.randrange(-5, 60)),
    "counted": lambda rand, row: str(row + 1),
    "float": lambda rand, row: f"{rand.uniform(0, 90):.2f}",
    "exponent": lambda rand, row: f"{rand.uniform(0, 9):.3e}",
    "huge": lambda rand, row: str(10**20 + rand.randrange(10**6)),
    "large": lambda rand, row: str(2**53 + rand.randrange(10**6)),
    "comma": lambda rand, row: f"{rand.uniform(0, 90):.2f}".replace(".", ","),
    "thousands": lambda rand, row: f"{rand.uniform(0, 9_000):,.2f}",
    "european": lambda rand, row: f"{rand.uniform(0, 9_000):,.2f}".translate(str.maketrans(",.", ".,")),
    "money": lambda rand, row: f"{rand.choice('€€€ ').strip()}{rand.uniform(0, 900):.2f}",
    "percent": lambda rand, row: f"{rand.randrange(100)} %",
    "ledger": lambda rand, row: rand.choice(["({})", "{}-", "{}"]).format(rand.randrange(1, 900)),
    "stray": lambda rand, row: rand.choice(["12 months", "n.v."]) if rand.random() < 0.04 else str(rand.randrange(99)),
    "sentinel": lambda rand, row: rand.choice(["-1", "999"]) if rand.random() < 0.2 else str(rand.randrange(50)),
    "mixed": lambda rand, row: rand.choice([str(row), "text", "2024-01-01", "1,5", "Yes", "-", ""]),
    "zip": lambda rand, row: f"{rand.randrange(99_999):05d}",
    "code": lambda rand, row: f"0{rand.randrange(9)}",
    "uuid": lambda rand, row: f"{rand.getrandbits(128):032x}",
    "email": lambda rand, row: f"user{row}@example.com",
    "text": lambda rand, row: f"some text {rand.randrange(10**9)}",
    "city": lambda rand, row: f"city{rand.randrange(250)}",
    "plan": lambda rand, row: rand.choice(["basic", "plus", "Plus", "NULL", "None", "unknown", "ünï:#"]),
    "boolean": lambda rand, row: rand.choice(["True.", "False."]),
    "spelled": lambda rand, row: rand.choice(["yes", "No", "YES", "no", "Y"]),
    "flag": lambda rand, row: rand.choice(["1.0", "0.0"]),
    "iso": lambda rand, row: _day(rand, "%Y-%m-%d"),
    "german": lambda rand, row: _day(rand, "%d.%m.%Y"),
    "us": lambda rand, row: _day(rand, "%m/%d/%y"),
    "named": lambda rand, row: _day(rand, "%b %d, %Y"),
    "time": lambda rand, row: _day(rand, "%d.%m.%Y 13:45"),
    "zoned": lambda rand, row: _day(rand, "%Y-%m-%dT10:00:00+02:00"),
    "epoch": lambda rand, row: str(1_600_000_000 + rand.randrange(10**8)),
    "future": lambda rand, row: _day(rand, "%Y-%m-%d").replace("202", "203"),
    "dated": lambda rand, row: "0000-00-00" if rand.random() < 0.1 else _day(rand, "%Y-%m-%d"),
    "same": lambda rand, row: "x",
    "empty": lambda rand, row: "",
    "typed integer": lambda rand, row: rand.randrange(100),
    "typed float": lambda rand, row: rand.random() if rand.random() < 0.9 else float("nan"),
    "infinite": lambda rand, row: float("inf") if rand.random() < 0.1 else rand.random(),
    "typed boolean": lambda rand, row: rand.random() < 0.5,
    "typed day": lambda rand, row: date(2020, 1, 1) + timedelta(days=rand.randrange(2_000)),
    "typed moment": lambda rand, row: datetime(2020, 1, 1) + timedelta(hours=rand.randrange(9_000)),  # noqa: DTZ001
}
NAMES = [
    *("customer_id", "id", "Kundennummer", "session_id", "phone", "account", "user", "Unnamed: 0", "rank"),
    *(
        "yes",
        "null",
        "a: b",
        "#x",
        "- y",
        "~",
        "1",
        "1.5",
        "on",
        "{x}",
        "[y",
        "'q'",
        '"q"',
        "ü - ü",
        "x" * 1_200,
        " pad ",
    ),
    *(
        "joined",
        "signup date",
        "end_date",
        "snapshot",
        "order_date",
        "last_login",
        "dob",
        "max",
        "import",
        "date",
        "月",
    ),
    *("Churn Reason", "retained", "is_active", "Customer Status", "target", "cut", "zip code", "Gender", "tab\tname"),
    *("NumOfProducts", "amount", "months", "city", "name", "two\nlines", "days_since_joined", "2026", "y"),
]
LABELS: dict[str, tuple[str, list[str]]] = {
    "pair": ("churn", ["Yes", "No"]),
    "numbers": ("Exited", ["1", "0"]),
    "floats": ("Attrition", ["1.0", "0.0"]),
    "points": ("Churn?", ["True.", "False."]),
    "spellings": ("cancelled", ["yes", "No", "NO", "Yes"]),
    "three": ("Customer Status ", ["Churned", "Stayed", "Joined"]),
    "opposite": ("retention_7", ["True", "False"]),
    "values": ("Attrition_Flag", ["Existing Customer", "Attrited Customer"]),
    "odd": ("class", ["a", "b"]),
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Columns by name; texts as in a CSV, or typed values."""
    rand = random.Random(draw(st.integers(0, 2**32)))
    rows = draw(st.one_of(st.integers(0, 12), st.integers(13, 300)))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
    table: dict[str, list[Any]] = {}
    for name in names:
        make = KINDS[draw(st.sampled_from(sorted(KINDS)))]
        gone = draw(st.sampled_from([0.0, 0.0, 0.05, 0.3, 1.0]))
        repeats = draw(st.sampled_from([1, 1, 1, 3]))
        values = [make(rand, row // repeats) for row in range(rows)]
        table[name] = [None if rand.random() < gone else value for value in values]
    label = draw(st.one_of(st.none(), st.sampled_from(sorted(LABELS))))
    if label is not None:
        name, levels = LABELS[label]
        gone = draw(st.sampled_from([0.0, 0.0, 0.08]))
        table[name] = [None if rand.random() < gone else rand.choice(levels) for _ in range(rows)]
    return table


def accepts(table: SourceSettings | pa.Table, settings: SourceSettings) -> None:
    """Draft a contract, and hold the table against it; a table of which nothing can be made is an error."""
    try:
        text = write_draft(infer(open_source(table), settings, "any table", NOW))
    except DataError as error:
        assert "\n" not in str(error)
        return
    contract = parse(text)
    with tempfile.TemporaryDirectory() as folder:
        ingested = ingest(contract, Path(folder) / "raw", instead=dict.fromkeys(sources_of(contract), table))
        validation = validate(contract, Path(folder) / "raw", Path(folder) / "valid", NOW).validation
    lost = ingested.rows_rejected + validation.rows.quarantined
    assert lost <= contract.quality.max_rejected_share * ingested.rows_read, (text, validation.quarantine_reasons)
    stops = {check.name: check.message for check in validation.checks if check.level == "stop"}
    assert set(stops) <= ALLOWED_STOPS, (text, stops)


@given(tables())
@settings(max_examples=examples(60))
def test_of_a_csv(table: dict[str, list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(table)
            for row in zip(*table.values(), strict=True):
                writer.writerow(["" if value is None else value for value in row])
        try:
            found = sniff(str(path))
            accepts(found, found)
        except DataError as error:
            assert "\n" not in str(error)


@given(tables())
@settings(max_examples=examples(60))
def test_of_a_table_in_memory(table: dict[str, list[Any]]) -> None:
    columns: pa.Table = to_arrow(table)
    accepts(columns, SourceSettings())
