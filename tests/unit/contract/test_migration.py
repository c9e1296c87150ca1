"""``tenure migrate``: a contract of version 1 as version 2, with its comments, computing the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenure.contract import Contract, load, parse
from tenure.contract.load import FILE_NAME
from tenure.contract.migration import migrate
from tenure.errors import ContractError

DATASETS = Path(__file__).resolve().parents[3] / "datasets"

LOG = """# An odd log
name: odd
source: {uri: log.csv}

# who left
label: {horizon_days: 60}  # two months
columns:
  who: {type: integer, role: key}  # the member
  # when the door opened
  day: {type: date, role: time}
  sex: {type: category, role: sensitive}
  door: {type: category, role: ignored}

# what is looked at
events:
  # all in summer
  cuts:
    - 2025-06-01
    - 2025-08-01  # the last
  active_days: 45  # a month and a half
windows:
  visits: {aggregate: count, reason: r}
  doors: {aggregate: distinct, column: door, days: 45, reason: r}
derived:
  odd: {expression: "visits / 2", reason: r}"""


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"#.*", text))


def parts_of(contract: Contract) -> dict[str, object]:
    """All that decides what is computed."""
    made = contract.assembly
    assert made is not None
    return {
        "inputs": contract.inputs,
        "tables": {name: (table.kind, table.time, table.key_column) for name, table in made.tables.items()},
        "windows": [(w.name, w.window.aggregate, w.window.column, w.window.days) for w in made.windows.values()
                    if w.window.feature],
        "label": (made.label.kind, made.label.horizon, made.label.aggregate, made.label.column),
        "cuts": made.cuts,
        "zone": made.zone,
        "rest": contract.model_dump(include={"business", "decision", "training", "split", "quality", "derived"}),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["cdnow", "cdnow-value"])
def test_a_log_computes_the_same_and_keeps_its_comments(name: str) -> None:
    text = (DATASETS / name / FILE_NAME).read_text(encoding="utf-8")
    written = migrate(text)
    assert parse(written).version == 2
    assert parts_of(parse(written)) == parts_of(parse(text))
    assert set(comments(text)) <= set(comments(written))


@pytest.mark.parametrize("name", ["telco", "gym"])
def test_of_one_table_only_the_version_is_written(name: str) -> None:
    text = (DATASETS / name / FILE_NAME).read_text(encoding="utf-8")
    assert migrate(text).replace("version: 2\n", "", 1) == text
    assert migrate(migrate(text)) == migrate(text)


def test_customers_are_active_by_a_window_of_the_same_days() -> None:
    made = parse(migrate((DATASETS / "cdnow" / FILE_NAME).read_text(encoding="utf-8"))).assembly
    assert made is not None
    assert made.eligible is not None
    assert made.eligible.text == "orders_90_days > 0"


def test_other_layouts() -> None:
    written = migrate(LOG)
    contract = parse(written)
    assert parts_of(contract) == parts_of(parse(LOG))
    assert contract.assembly is not None
    assert contract.assembly.eligible is not None
    assert contract.assembly.eligible.text == "events_45_days > 0"
    hidden = contract.assembly.windows["events_45_days"].window
    assert (hidden.aggregate, hidden.days, hidden.feature) == ("count", 45, False)
    assert set(comments(LOG)) <= set(comments(written))
    # A comment stays above the key that it is about.
    assert "# all in summer\ncuts:\n" in written
    assert "eligible: events_45_days > 0  # a month and a half\n" in written
    assert written.startswith("# An odd log\nversion: 2\nname: odd\n")
    assert contract.assembly.tables["events"].columns["sex"].role == "ignored"


def test_keys_of_windows_may_be_indented_by_any_width() -> None:
    windows = LOG[LOG.index("windows:") : LOG.index("derived:")]
    wide = LOG.replace(windows, windows.replace("\n  ", "\n      "))
    assert parts_of(parse(migrate(wide))) == parts_of(parse(migrate(LOG)))
    assert "\n      events_45_days:\n        aggregate: count\n" in migrate(wide)


def test_events_in_braces() -> None:
    start, end = LOG.index("events:"), LOG.index("windows:")
    text = LOG[:start] + "events: {cuts: [2025-06-01, 2025-08-01], active_days: 45}\n" + LOG[end:]
    assert parts_of(parse(migrate(text))) == parts_of(parse(LOG))


def test_a_version_1_that_says_so() -> None:
    written = migrate("version: 1\n" + LOG)
    assert written.count("version:") == 1
    assert parse(written).version == 2


def test_columns_before_the_source() -> None:
    text = LOG.replace("source: {uri: log.csv}\n", "") + "\nsource: {uri: log.csv}\n"
    contract = parse(migrate(text))
    assert contract.tables["events"].source.uri == "log.csv"
    assert parts_of(contract) == parts_of(parse(text))


def test_a_contract_in_braces_is_refused() -> None:
    with pytest.raises(ContractError, match=r"here:1: the keys of the contract are in braces"):
        migrate("{name: a, label: {positive: b}, columns: {id: {type: string, role: key}, c: {type: string, "
                "role: label}, x: {type: number}}}", "here")  # fmt: skip


def test_what_is_no_contract_is_refused_as_ever() -> None:
    with pytest.raises(ContractError, match=r"'nam'|'name' is missing"):
        migrate("nam: a\n")


def test_a_file(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pipelines.cli import app

    file = tmp_path / FILE_NAME
    file.write_text(LOG, encoding="utf-8")
    shown = CliRunner().invoke(app, ["migrate", str(tmp_path), "--out", "-"])
    assert shown.exit_code == 0
    assert shown.stdout == migrate(LOG)
    assert file.read_text(encoding="utf-8") == LOG
    assert CliRunner().invoke(app, ["migrate", str(tmp_path)]).exit_code == 0
    assert load(tmp_path).version == 2
    again = CliRunner().invoke(app, ["migrate", str(tmp_path)])
    assert "has version 2 already" in again.stdout


def test_windows_of_a_log_in_braces_are_refused() -> None:
    text = LOG[: LOG.index("windows:")] + "windows: {a: {aggregate: count, days: 3, reason: b}}\n"
    with pytest.raises(ContractError, match=r"the keys of 'windows' are in braces: write one a line"):
        migrate(text, "here")


def test_columns_of_one_table_may_be_in_braces() -> None:
    text = (
        "name: a\nlabel: {positive: b}\n"
        "columns: {id: {type: string, role: key}, c: {type: string, role: label}, x: {type: number}}\n"
    )
    assert migrate(text) == "version: 2\n" + text
