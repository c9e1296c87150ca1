"""The validate step: every check, the quarantine, the gate and the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.ingest.logic import run as ingest
from components.validate.logic import run
from tenure.checks import Check, Validation
from tenure.checks.validate import validate
from tenure.contract import parse
from tenure.contract.sources import table_folder
from tenure.errors import ContractError, DataError
from tenure.stats import Profile

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CONTRACT = """
name: crm
label: {positive: "yes"}
quality: {min_rows: 10}
columns:
  id: {type: string, role: key}
  months: {type: integer, range: [0, 72]}
  spend: {type: number, nullable: true}
  plan: {type: category, values: [a, b]}
  left: {type: category, role: label}
"""
TIMED = CONTRACT + "  seen: {type: date, role: time}\n"


def rows(count: int = 1_000, **changed: dict[int, str | None]) -> dict[str, list[str | None]]:
    """A clean table, with ``changed`` values by column and place."""
    table: dict[str, list[str | None]] = {
        "id": [f"c{n}" for n in range(count)],
        "months": [str(n % 73) for n in range(count)],
        "spend": [str(n % 50) for n in range(count)],
        "plan": ["ab"[n % 2] for n in range(count)],
        "left": ["yes" if n % 4 == 0 else "no" for n in range(count)],
        "seen": ["2024-05-30"] * count,
    }
    for name, values in changed.items():
        for place, value in values.items():
            table[name][place] = value
    return table


def check(folder: Path, table: dict[str, list[Any]], contract: str = CONTRACT) -> Validation:
    if "seen:" not in contract:
        table = {name: values for name, values in table.items() if name != "seen"}
    pq.write_table(pa.table(table), folder / "table.parquet")
    ingest(contract, str(folder / "table.parquet"), folder / "raw")
    return validate(parse(contract), folder / "raw", folder / "valid", NOW).validation


def found(validation: Validation, name: str, column: str | None = None) -> Check:
    (one,) = [one for one in validation.checks if one.name == name and (column is None or one.column == column)]
    return one


def read(folder: Path, name: str, table: str | None = None) -> dict[int, str]:
    """Number and reason of the rows in a file of rows that are not used."""
    file = table_folder(folder / "valid", table) / f"{name}.parquet"
    return {row["row"]: row["reason"] for row in pq.read_table(file).to_pylist()}


def quarantined(folder: Path) -> dict[int, str]:
    return read(folder, "quarantine")


def test_a_clean_table_passes_and_goes_on_unchanged(tmp_path: Path) -> None:
    validation = check(tmp_path, rows())
    assert validation.verdict == "pass"
    assert {one.level for one in validation.checks} == {"pass"}
    assert pq.read_table(tmp_path / "valid" / "data.parquet") == pq.read_table(tmp_path / "raw" / "data.parquet")
    assert quarantined(tmp_path) == {}
    assert json.loads((tmp_path / "valid" / "validation.json").read_text())["verdict"] == "pass"


def test_without_a_key_no_row_is_a_duplicate_and_the_cost_is_said(tmp_path: Path) -> None:
    table = {name: [*values[:-1], values[0]] for name, values in rows().items() if name != "id"}
    contract = CONTRACT.replace("name: crm", "name: crm\nkey: row_number").replace(
        "  id: {type: string, role: key}\n", ""
    )
    validation = check(tmp_path, table, contract)
    assert (validation.verdict, validation.rows.good) == ("warn", 1_000)
    assert found(validation, "keys").message.startswith("no column identifies a customer: the row number stands for it")
    identical = found(validation, "identical")
    assert (identical.level, identical.observed) == ("pass", 1)
    assert identical.message.endswith("they are kept: without a key, equal rows may be different customers")


def test_many_copies_without_a_key_are_a_warning(tmp_path: Path) -> None:
    table = {name: [*values[:900], *values[:100]] for name, values in rows().items() if name != "id"}
    table["spend"] = [str(n % 900) for n in range(1_000)]
    contract = CONTRACT.replace("name: crm", "name: crm\nkey: row_number").replace(
        "  id: {type: string, role: key}\n", ""
    )
    identical = found(check(tmp_path, table, contract), "identical")
    assert (identical.level, identical.observed) == ("warn", 100)
    assert "100 (10 %)" in identical.message
    assert identical.advice is not None
    assert "at the source" in identical.advice


def test_bad_rows_are_quarantined_with_every_reason(tmp_path: Path) -> None:
    validation = check(
        tmp_path, rows(months={3: "99", 5: None}, plan={3: "c"}, left={7: ""}, id={8: None}, spend={9: None})
    )
    assert quarantined(tmp_path) == {
        4: "'months' is above 72: 99; 'plan' is not one of the contract's values: 'c'",
        6: "'months' is missing, and is not nullable",
        9: "'id' is missing, and is the key",
    }
    assert validation.verdict == "pass"  # 0.3 % of rows
    assert (validation.rows.good, validation.rows.quarantined, validation.rows.set_aside) == (996, 3, 1)
    assert read(tmp_path, "set_aside") == {8: "'left' is missing"}
    assert pq.read_metadata(tmp_path / "valid" / "data.parquet").num_rows == 996
    assert found(validation, "range").observed == 1
    assert found(validation, "range").limit == "0 to 72"
    assert found(validation, "values").limit == "a, b"


def test_over_one_percent_warns_and_over_the_limit_stops(tmp_path: Path) -> None:
    some = check(tmp_path, rows(months=dict.fromkeys(range(11), "99")))
    assert found(some, "rejected").level == some.verdict == "warn"
    many = check(tmp_path, rows(months=dict.fromkeys(range(51), "99")))
    assert found(many, "rejected").level == many.verdict == "stop"
    assert "51 of 1,000 rows are rejected or quarantined, 5.1 % (limit 5 %), mostly: 'months' is above 72" in str(
        found(many, "rejected").message
    )


def test_rows_that_did_not_parse_count_as_well(tmp_path: Path) -> None:
    validation = check(tmp_path, rows(months={n: "99" if n % 2 else "x" for n in range(60)}))
    assert (validation.rows.rejected, validation.rows.quarantined) == (30, 30)
    assert found(validation, "rejected").level == "stop"
    assert found(validation, "types").observed == 30


def test_a_repeated_key_keeps_its_first_row(tmp_path: Path) -> None:
    table = rows(id={5: "c4", 900: "c4"}, months={5: "1"})
    for name, column in table.items():
        column[901] = column[700]  # an exact copy
        if name == "id":
            column[902] = column[700]  # of the key alone
    validation = check(tmp_path, table)
    assert quarantined(tmp_path) == {
        6: "'id' repeats the key of an earlier row: 'c4'",
        901: "'id' repeats the key of an earlier row: 'c4'",
        902: "'id' repeats the key of an earlier row: 'c700'",
        903: "'id' repeats the key of an earlier row: 'c700'",
    }
    assert found(validation, "keys").observed == 4
    assert found(validation, "identical").observed == 1


PANEL = TIMED.replace("quality:", "split: {by: customer}\nquality:")


def months(count: int = 200) -> dict[str, list[str | None]]:
    """``count`` customers with a row on each of three days."""
    one = rows(count)
    table = {name: column * 3 for name, column in one.items()}
    table["seen"] = [day for day in ("2024-03-31", "2024-04-30", "2024-05-30") for _ in range(count)]
    return table


def test_a_panel_repeats_keys_but_no_customer_and_time(tmp_path: Path) -> None:
    table = months()
    for name in table:
        table[name][205] = table[name][204]  # an exact copy
    table["id"][410] = table["id"][411]
    validation = check(tmp_path, table, PANEL)
    assert quarantined(tmp_path) == {
        206: "'id' repeats the customer and time of an earlier row: 'c4'",
        412: "'id' repeats the customer and time of an earlier row: 'c11'",
    }
    assert (validation.verdict, found(validation, "keys").observed, found(validation, "identical").observed) == (
        "pass",
        2,
        1,
    )
    clean = check(tmp_path, months(), PANEL)
    assert found(clean, "keys").message == "no two rows have the same 'id' and 'seen'"


def test_of_a_panel_without_a_time_equal_rows_are_counted_and_kept(tmp_path: Path) -> None:
    without_time = PANEL.replace("  seen: {type: date, role: time}\n", "")
    validation = check(tmp_path, months(), without_time)
    assert validation.rows.good == 600
    assert (found(validation, "identical").level, found(validation, "identical").observed) == ("warn", 400)
    assert "exact copies of an earlier row: 400 (66.7 %); they are kept" in found(validation, "identical").message


def test_a_key_of_which_most_repeat_is_said_to_be_a_panels(tmp_path: Path) -> None:
    validation = check(tmp_path, months(), TIMED)
    message = "'id' repeats in 400 of 600 rows: if a customer has several rows, write split: {by: customer}"
    assert (found(validation, "keys").level, found(validation, "keys").message) == ("stop", message)
    with pytest.raises(DataError, match=r"write split: \{by: customer\}"):
        validation.raise_if_stopped()


def test_a_bad_row_does_not_take_the_place_of_a_good_one(tmp_path: Path) -> None:
    check(tmp_path, rows(id={5: "c4"}, months={4: "99"}))
    assert list(quarantined(tmp_path)) == [5]


def test_missing_values_over_the_columns_limit_stop(tmp_path: Path) -> None:
    inside = check(tmp_path, rows(spend=dict.fromkeys(range(100))))
    assert found(inside, "missing", "spend").level == "pass"
    outside = check(tmp_path, rows(spend=dict.fromkeys(range(101))))
    assert found(outside, "missing", "spend").level == "stop"
    assert "'spend' is missing in 10.1 % of rows (limit 10 %)" in found(outside, "missing", "spend").message
    wider = CONTRACT.replace("nullable: true", "nullable: true, max_missing_share: 0.2")
    assert check(tmp_path, rows(spend=dict.fromkeys(range(101))), wider).verdict == "pass"


def test_an_optional_column_that_is_not_there_is_no_missing_value(tmp_path: Path) -> None:
    optional = CONTRACT.replace("{type: integer, range: [0, 72]}", "{type: integer, required: false}")
    table = rows()
    del table["months"]
    validation = check(tmp_path, table, optional)
    assert found(validation, "columns").level == validation.verdict == "warn"
    assert "optional and missing: months" in found(validation, "columns").message
    assert quarantined(tmp_path) == {}


def test_one_class(tmp_path: Path) -> None:
    validation = check(tmp_path, rows(left=dict.fromkeys(range(1_000), "no")))
    assert found(validation, "classes").level == "stop"
    assert (
        "the label 'left' has one class only: 'no' (1,000); 'yes' means churn" in found(validation, "classes").message
    )


def test_a_small_class(tmp_path: Path) -> None:
    labels = {n: "yes" if n < 9 else "no" for n in range(1_000)}
    assert found(check(tmp_path, rows(left=labels)), "classes").level == "stop"
    labels[9] = "yes"
    assert found(check(tmp_path, rows(left=labels)), "classes").level == "pass"


def test_a_positive_value_that_the_label_cannot_hold(tmp_path: Path) -> None:
    described = CONTRACT.replace("left: {type: category", "left: {type: integer").replace('"yes"', "left")
    with pytest.raises(ContractError, match=r"'label\.positive': 'left' is not a whole number"):
        check(tmp_path, rows(left={n: str(n % 2) for n in range(1_000)}), described)


def test_too_few_rows(tmp_path: Path) -> None:
    assert found(check(tmp_path, rows(9)), "rows").level == "stop"
    assert found(check(tmp_path, rows(10)), "rows").level == "pass"


@pytest.mark.parametrize(("days", "level"), [(2, "pass"), (30, "pass"), (31, "stop")])
def test_freshness(tmp_path: Path, days: int, level: str) -> None:
    old = (NOW - timedelta(days=days)).date().isoformat()
    validation = check(tmp_path, rows(seen=dict.fromkeys(range(1_000), old)), TIMED)
    assert found(validation, "freshness").level == level
    assert f"the newest 'seen' is {old}, {days} days old" in found(validation, "freshness").message


def test_a_historical_table_is_never_stale(tmp_path: Path) -> None:
    described = TIMED.replace("{min_rows: 10}", "{min_rows: 10, freshness_days: null}")
    validation = check(tmp_path, rows(seen=dict.fromkeys(range(1_000), "1999-01-01")), described)
    assert validation.verdict == "pass"


def test_the_future_is_quarantined_and_does_not_make_a_table_fresh(tmp_path: Path) -> None:
    seen = dict.fromkeys(range(1_000), "2024-04-01") | {7: "2999-12-31"}
    validation = check(tmp_path, rows(seen=seen), TIMED)
    assert quarantined(tmp_path) == {8: "'seen' is in the future: 2999-12-31"}
    assert found(validation, "freshness").level == "stop"


def test_outliers_are_reported_and_kept(tmp_path: Path) -> None:
    validation = check(tmp_path, rows(spend={3: "100000", 4: "-100000"}))
    outliers = found(validation, "outliers", "spend")
    assert (outliers.level, outliers.observed) == ("pass", 0.002)
    assert outliers.message.endswith("they are kept")
    assert validation.rows.good == 1_000


def test_without_a_champion_there_is_nothing_to_drift_from(tmp_path: Path) -> None:
    assert found(check(tmp_path, rows()), "drift").message == "there is no champion to compare distributions with"


def test_the_profile_is_of_the_good_rows_features(tmp_path: Path) -> None:
    check(tmp_path, rows(months={3: "99"}))
    profile = Profile.from_json((tmp_path / "valid" / "profile.json").read_text())
    assert set(profile.columns) == {"months", "spend", "plan"}
    assert profile.rows == 999


def test_an_event_log(tmp_path: Path) -> None:
    contract = """
name: orders
label: {horizon_days: 30}
events: {cuts: [2024-04-01], active_days: 90}
quality: {min_rows: 10}
windows: {spend: {aggregate: sum, column: amount, reason: r}}
columns:
  customer: {type: string, role: key}
  day: {type: date, role: time}
  amount: {type: number, range: [0, null]}
"""
    table = {
        "customer": [f"c{n % 20}" for n in range(1_000)],
        "day": [str((NOW - timedelta(days=n % 300)).date()) for n in range(1_000)],
        "amount": ["1"] * 999 + ["-1"],
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    ingest(contract, str(tmp_path / "t.parquet"), tmp_path / "raw")
    validation = validate(parse(contract), tmp_path / "raw", tmp_path / "valid", NOW).validation
    assert validation.verdict == "pass"
    assert read(tmp_path, "quarantine", "events") == {1000: "'amount' is below 0: -1.0"}
    repeats = len(table["day"]) - len(set(zip(*table.values(), strict=True)))
    assert found(validation, "identical").observed == repeats > 0
    assert not {"keys", "label", "classes"} & {one.name for one in validation.checks}


def test_the_gate_stops_after_everything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENURE_RUN_DIR", str(tmp_path / "run"))
    pq.write_table(pa.table(rows(5, months={0: "99"})), tmp_path / "t.parquet")
    ingest(CONTRACT, str(tmp_path / "t.parquet"), tmp_path / "raw")
    with pytest.raises(DataError) as caught:
        run(CONTRACT, tmp_path / "raw", tmp_path / "valid")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/t.parquet does not meet the contract 'crm': 1 of 5 rows are rejected")
    assert "4 good rows (at least 10)" in message
    assert "\n" not in message
    for file in ("data.parquet", "quarantine.parquet", "validation.json", "validation.html", "profile.json"):
        assert (tmp_path / "valid" / file).is_file()
    assert "must not be used" in (tmp_path / "run" / "validation.html").read_text()
    assert json.loads((tmp_path / "run" / "validation.json").read_text())["verdict"] == "stop"


def test_the_summary_of_a_run_that_goes_on(tmp_path: Path) -> None:
    pq.write_table(pa.table({**rows(), "extra": ["x"] * 1_000}), tmp_path / "t.parquet")
    ingest(CONTRACT, str(tmp_path / "t.parquet"), tmp_path / "raw")
    summary = run(CONTRACT, tmp_path / "raw", tmp_path / "valid")
    assert (summary["verdict"], summary["rows_good"]) == ("warn", 1_000)
    assert summary["warnings"] == ["columns differ from the contract (new, left out: seen, extra)"]


def test_no_good_row_at_all(tmp_path: Path) -> None:
    validation = check(tmp_path, rows(20, months=dict.fromkeys(range(20), "99")))
    assert validation.verdict == "stop"
    assert validation.rows.good == 0
    assert pq.read_metadata(tmp_path / "valid" / "data.parquet").num_rows == 0


def test_a_table_of_another_contract_is_refused(tmp_path: Path) -> None:
    check(tmp_path, rows())
    with pytest.raises(DataError, match="was ingested under another contract"):
        validate(parse(TIMED), tmp_path / "raw", tmp_path / "valid", NOW)
