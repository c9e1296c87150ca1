"""Labels of all kinds through ingest and validation: values that count, rows set aside, messages with counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tenure.checks import Check, Validation, labels_of
from tenure.checks.validate import validate
from tenure.contract import parse
from tenure.errors import ContractError, DataError
from tenure.intake.ingest import ingest
from tenure.report.validation import write_page

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def contract(label: dict[str, Any], column: dict[str, Any], **changed: Any) -> str:
    columns = {
        "id": {"type": "string", "role": "key"},
        "months": {"type": "integer", "range": [0, 72]},
        "spend": {"type": "number", "nullable": True},
        "status": {"role": "label", **column},
    }
    document = {"name": "crm", "label": label, "quality": {"min_rows": 4}, "columns": columns}
    return yaml.safe_dump(document | changed)


def check(folder: Path, text: str, labels: list[Any], **columns: list[Any]) -> Validation:
    """Ingest and validate a table with these labels."""
    count = len(labels)
    table = {
        "id": [f"c{n}" for n in range(count)],
        "months": [str(n % 73) for n in range(count)],
        "spend": [str(n % 50) for n in range(count)],
        "status": labels,
    }
    described = parse(text)
    ingest(described, folder / "raw", instead={None: pa.table(table | columns)})
    found = validate(described, folder / "raw", folder / "valid", NOW)
    page = folder / "valid" / "validation.html"
    write_page(page, found.validation, described, found.sketches, raw=folder / "raw", valid=folder / "valid")
    return found.validation


def labels(folder: Path, text: str) -> list[int]:
    """Labels of the good rows, as models see them."""
    found: list[int] = labels_of(parse(text), pq.read_table(folder / "valid" / "data.parquet")["status"]).tolist()
    return found


def one(validation: Validation, name: str) -> Check:
    (found,) = [each for each in validation.checks if each.name == name]
    return found


def of_label(validation: Validation) -> list[Check]:
    return [each for each in validation.checks if each.name == "label"]


def written(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "valid" / f"{name}.parquet").to_pylist()
    return rows


@pytest.mark.parametrize(
    ("column", "positive", "values"),
    [
        ({"type": "category"}, "Yes", ["Yes", "No", "No", "Yes", "No"]),
        ({"type": "category"}, ["Yes", "yes", "YES"], ["Yes", "no", "No", "YES", "NO"]),
        ({"type": "category"}, ["yes"], [" yes ", "no", "no", "yes", "no"]),
        ({"type": "string"}, "True.", ["True.", "False.", "False.", "True.", "False."]),
        ({"type": "category"}, "1", ["1", "0", "0", "1.0", "0.0"]),
        ({"type": "category"}, 1.0, ["1", "0", "0", "1.0", "0.0"]),
        ({"type": "string"}, 1, ["1.0", "0.0", "0.0", "1.00", "0.0"]),
        ({"type": "category", "values": ["0", "1"]}, 1, ["1.0", "0.0", "0.0", "1", "0"]),
        ({"type": "integer"}, "1", ["1", "0", "0", "1.0", "0.0"]),
        ({"type": "integer"}, "1.0", ["1", "0", "0", "1.0", "0.0"]),
        ({"type": "number"}, "1", ["1", "0", "0", "1.0", "0.0"]),
        ({"type": "number"}, 1.0, [1.0, 0.0, 0.0, 1.0, 0.0]),
        ({"type": "category"}, 1, [1.0, 0.0, 0.0, 1.0, 0.0]),
        ({"type": "integer"}, 2, [2, 1, 1, 2, 1]),
        ({"type": "boolean"}, True, ["True", "False", "false", "TRUE", "no"]),
        ({"type": "boolean"}, True, [True, False, False, True, False]),
        ({"type": "boolean"}, False, ["no", "yes", "yes", "false", "true"]),
        ({"type": "boolean"}, ["No"], ["No", "Yes", "Yes", "No", "Yes"]),
        ({"type": "boolean", "values": ["stays", "goes"]}, "goes", ["goes", "stays", "stays", "goes", "stays"]),
        ({"type": "category"}, ["A", "B"], ["A", "C", "D", "B", "C"]),
    ],
)
def test_any_two_values(tmp_path: Path, column: dict[str, Any], positive: Any, values: list[Any]) -> None:
    text = contract({"positive": positive}, column)
    validation = check(tmp_path, text, values)
    assert [each.message for each in validation.checks if each.level != "pass"] == []
    assert labels(tmp_path, text) == [1, 0, 0, 1, 0]


def test_more_than_two_values(tmp_path: Path) -> None:
    text = contract({"positive": ["Churned"], "ignore": ["Joined"]}, {"type": "category"})
    validation = check(tmp_path, text, ["Churned", "Stayed", "Joined", "Stayed", "Paused", "Joined"])
    rows = validation.rows
    assert (rows.read, rows.rejected, rows.quarantined, rows.set_aside, rows.good) == (6, 0, 0, 2, 4)
    assert labels(tmp_path, text) == [1, 0, 0, 0]
    assert one(validation, "classes").message == (
        "'status' is 'Churned' in 25 % of rows: these left; 'Stayed' (2), 'Paused' (1) mean stayed"
        "; 'Joined' (2 rows) set aside"
    )
    reason = "'status' is 'Joined', a value of label.ignore"
    assert validation.set_aside_reasons == {reason: 2}
    set_aside = written(tmp_path, "set_aside")
    assert [(row["row"], row["reason"]) for row in set_aside] == [(3, reason), (6, reason)]
    assert json.loads(set_aside[0]["text"]) == {"id": "c2", "months": 2, "spend": 2.0, "status": "Joined"}
    assert written(tmp_path, "quarantine") == []
    assert "1 set aside" not in str(rows) and "2 set aside, 4 good" in str(rows)
    page = (tmp_path / "valid" / "validation.html").read_text()
    assert "Rows set aside" in page and "a value of label.ignore: 2" in page


@pytest.mark.parametrize(
    ("column", "values", "ignore"),
    [
        ({"type": "integer"}, [1, 0, -1, 0], ["-1"]),
        ({"type": "number"}, ["1", "0", "9.0", "0.0"], [9]),
        ({"type": "category"}, ["1", "0", "9.0", "0.0"], [9]),
    ],
)
def test_numbers_that_are_ignored(tmp_path: Path, column: dict[str, Any], values: list[Any], ignore: list[Any]) -> None:
    text = contract({"positive": 1, "ignore": ignore}, column)
    validation = check(tmp_path, text, values * 3)
    assert (validation.verdict, validation.rows.set_aside, labels(tmp_path, text)) == ("pass", 3, [1, 0, 0] * 3)


@pytest.mark.parametrize(
    ("column", "label", "values"),
    [
        ({"type": "category"}, {"positive": "Yes"}, ["Yes", "No"]),
        ({"type": "category", "missing_values": ["?"]}, {"positive": "Yes"}, ["Yes", "No"]),
        ({"type": "boolean"}, {"positive": True}, ["Yes", "No"]),
        ({"type": "integer"}, {"positive": 1}, ["1", "0"]),
    ],
)
def test_missing_labels_are_set_aside(
    tmp_path: Path, column: dict[str, Any], label: dict[str, Any], values: list[str]
) -> None:
    missing: list[str | None] = ["", None, "  ", "?" if "missing_values" in column else ""]
    text = contract(label, column)
    validation = check(tmp_path, text, [*(values * 20), *missing])
    rows = validation.rows
    assert (rows.quarantined, rows.rejected, rows.set_aside, rows.good) == (0, 0, 4, 40)
    assert labels(tmp_path, text) == [1, 0] * 20
    assert (of_label(validation)[0].level, of_label(validation)[0].message) == (
        "pass",
        "4 of 44 rows have no label: set aside",
    )
    assert one(validation, "rejected").message.startswith("0 of 40 rows")
    assert validation.set_aside_reasons == {"'status' is missing": 4}


def test_one_row_without_a_label(tmp_path: Path) -> None:
    validation = check(tmp_path, contract({"positive": "y"}, {"type": "category"}), ["y", "n", "y", "n", None])
    assert of_label(validation)[0].message == "1 of 5 rows has no label: set aside"


def test_most_labels_missing_warns_and_all_stops(tmp_path: Path) -> None:
    text = contract({"positive": "y"}, {"type": "category"})
    assert of_label(check(tmp_path, text, ["y", "n"] * 5 + [None] * 10))[0].level == "pass"
    assert of_label(check(tmp_path, text, ["y", "n"] * 5 + [None] * 11))[0].level == "warn"
    every = check(tmp_path, text, [None] * 20)
    assert (of_label(every)[0].level, every.verdict) == ("stop", "stop")
    assert of_label(every)[0].message == "no row is left to learn from: 20 rows without a label set aside"


def test_numbers_of_a_regression_may_be_missing(tmp_path: Path) -> None:
    text = contract({}, {"type": "number"}, task="regression")
    validation = check(tmp_path, text, [*map(str, range(20)), "", None])
    assert (validation.rows.set_aside, validation.rows.good) == (2, 20)
    assert of_label(validation)[0].message == "2 of 22 rows have no label: set aside"


def test_rows_set_aside_are_not_held_against_the_contract(tmp_path: Path) -> None:
    """Neither are their faults counted, nor do they hold a key, nor do their missing values."""
    text = contract({"positive": "y", "ignore": ["new"]}, {"type": "category"})
    count = 100
    validation = check(
        tmp_path,
        text,
        ["new"] * 30 + [None] * 20 + ["y", "n"] * 25,
        months=["99"] * 50 + ["9"] * 50,
        spend=[None] * 50 + ["1"] * 50,
        id=["c7"] * 51 + [f"c{n}" for n in range(100, count + 49)],
    )
    assert (validation.rows.quarantined, validation.rows.set_aside, validation.rows.good) == (0, 50, 50)
    assert {each.level for each in validation.checks} == {"pass"}


def test_a_bad_row_counts_among_the_rows_that_are_not_set_aside(tmp_path: Path) -> None:
    text = contract({"positive": "y"}, {"type": "category"})
    validation = check(tmp_path, text, [None] * 900 + ["y", "n"] * 50, months=["1"] * 900 + ["99"] * 10 + ["1"] * 90)
    assert one(validation, "rejected").level == "stop"
    assert one(validation, "rejected").message.startswith("10 of 100 rows are rejected or quarantined, 10 %")


def test_a_value_that_no_row_has(tmp_path: Path) -> None:
    text = contract({"positive": ["Churned", "Gone"], "ignore": ["Joind"]}, {"type": "category"})
    validation = check(tmp_path, text, ["Churned", "Stayed", "Joined", "Stayed"])
    seen = "'status' is 'Stayed' (2), 'Churned' (1), 'Joined' (1)"
    assert [(each.level, each.message) for each in of_label(validation)[1:]] == [
        ("warn", f"no row has the label 'Gone', which label.positive names: {seen}"),
        ("warn", f"no row has the label 'Joind', which label.ignore names: {seen}"),
    ]


def test_no_positive_row(tmp_path: Path) -> None:
    values = ["Stayed"] * 3 + ["Churned"] * 2 + [f"other {n}" for n in range(13)]
    validation = check(tmp_path, contract({"positive": "churned"}, {"type": "category"}), values)
    message = one(validation, "classes").message
    assert one(validation, "classes").level == "stop"
    assert message.startswith(
        "no row has the label 'churned', which means churn: 'status' is 'Stayed' (3), 'Churned' (2), 'other 0' (1)"
    )
    assert message.endswith("and 5 more")


def test_every_row_is_positive(tmp_path: Path) -> None:
    validation = check(tmp_path, contract({"positive": False}, {"type": "boolean"}), ["no"] * 10 + [None])
    assert one(validation, "classes").level == "stop"
    assert one(validation, "classes").message == (
        "the label 'status' has one class only: 'false' (10); 'false' means churn; 1 row without a label set aside"
    )


def test_another_spelling_of_a_named_value(tmp_path: Path) -> None:
    text = contract({"positive": "Yes", "ignore": ["n/a"]}, {"type": "category"})
    validation = check(tmp_path, text, ["Yes", "No", "yes", "YES.", "No", "n/a", "N/A"])
    assert [(each.level, each.message) for each in of_label(validation)[1:]] == [
        ("warn", "'status' is 'yes' (1), 'YES.' (1), which mean stayed: label.positive is 'Yes'"),
        ("warn", "'status' is 'N/A' (1), which means stayed: label.ignore is 'n/a'"),
    ]


def test_the_opposite_is_said(tmp_path: Path) -> None:
    text = contract({"positive": ["No"]}, {"type": "boolean", "values": ["No", "Yes"]})
    validation = check(tmp_path, text, ["No"] * 3 + ["Yes"] * 22)
    assert one(validation, "classes").message == "'status' is 'No' in 12 % of rows: these left; 'Yes' (22) means stayed"


def test_a_small_class_lists_the_labels(tmp_path: Path) -> None:
    validation = check(tmp_path, contract({"positive": 1}, {"type": "integer"}), [1] + [0] * 199)
    assert one(validation, "classes").level == "stop"
    assert one(validation, "classes").message == (
        "'status' is '1' in 0.5 % of rows: these left; 0 (199) means stayed"
        "; the smaller class is below 1 %: the labels are 0 (199), 1 (1)"
    )


def test_a_label_outside_its_values(tmp_path: Path) -> None:
    text = contract({"positive": "Churned", "ignore": ["New"]}, {"type": "category", "values": ["Churned", "Stayed"]})
    validation = check(tmp_path, text, ["Churned", "Stayed", "Joined", "Stayed", "Joined", "Paused", "New"])
    fault = "'status' is not one of the contract's values: 'Joined' (2), 'Paused' (1)"
    assert one(validation, "values").message == f"3 rows quarantined: {fault}"
    assert one(validation, "rejected").message == (
        f"3 of 6 rows are rejected or quarantined, 50 % (limit 5 %), mostly: {fault}"
    )
    assert validation.rows.set_aside == 1


def test_more_than_two_values_of_a_boolean(tmp_path: Path) -> None:
    text = contract({"positive": True}, {"type": "boolean"})
    validation = check(tmp_path, text, ["yes", "no", "maybe", "no", "maybe", "later"])
    fault = "'status' is not true or false: 'maybe' (2), 'later' (1)"
    assert one(validation, "types").message == f"3 rows rejected: {fault}"
    assert one(validation, "rejected").message.endswith(fault)
    with pytest.raises(DataError, match=r"not true or false: 'maybe' \(2\), 'later' \(1\)"):
        validation.raise_if_stopped()


def test_no_label_has_the_column_s_type(tmp_path: Path) -> None:
    text = contract({"positive": 1}, {"type": "integer"})
    with pytest.raises(DataError, match=r"none of 3 rows can be read.*'status' is not a whole number: 'n' \(2\), 'y'"):
        check(tmp_path, text, ["y", "n", "n"])


def test_a_named_value_that_the_column_cannot_hold(tmp_path: Path) -> None:
    values = ["1", "0", "0"]
    with pytest.raises(ContractError) as positive:
        check(tmp_path, contract({"positive": "left"}, {"type": "integer"}), values)
    assert str(positive.value) == (
        "'label.positive': 'left' is not a whole number; the values of 'status' are 0 (2), 1 (1)"
    )
    with pytest.raises(ContractError) as ignored:
        check(tmp_path, contract({"positive": 1, "ignore": ["new"]}, {"type": "integer"}), values)
    assert "write 'columns.status.missing_values: [new]' to set its rows aside" in str(ignored.value)
    missing = contract({"positive": "?"}, {"type": "category", "missing_values": ["?"]})
    with pytest.raises(ContractError, match=r"'label\.positive': '\?' is a missing value of 'status'"):
        check(tmp_path, missing, values)
    both = contract({"positive": 1, "ignore": ["1.0"]}, {"type": "category"})
    with pytest.raises(ContractError, match=r"'label\.ignore': '1\.0' is a value of 'label\.positive' too"):
        check(tmp_path, both, values)


def test_a_validation_without_rows_set_aside_is_still_read(tmp_path: Path) -> None:
    validation = check(tmp_path, contract({"positive": "y"}, {"type": "category"}), ["y", "n"] * 5)
    document = json.loads(validation.to_json())
    del document["rows"]["set_aside"], document["set_aside_reasons"]
    assert Validation.from_json(json.dumps(document)) == validation
