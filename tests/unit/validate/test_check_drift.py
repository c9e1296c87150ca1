"""The distance from the champion completes validate's report, and both components say what they worked on."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kfp import dsl

from components.ingest.logic import run as ingest
from components.validate.component import check_drift, validate
from components.validate.drift import run
from components.validate.logic import run as validated
from tenure.checks import Check, Validation
from tenure.checks import validate as checks
from tenure.contract import Column, contract_hash, parse
from tenure.errors import DataError, StorageError
from tenure.stats import build

CONTRACT = """
name: crm
label: {positive: "yes"}
quality: {min_rows: 10}
columns:
  id: {type: string, role: key}
  months: {type: integer}
  plan: {type: category}
  left: {type: category, role: label, values: ["no", "yes"]}
"""
ROWS = 400


def table(plans: str) -> pa.Table:
    return pa.table(
        {
            "id": [f"c{n}" for n in range(ROWS)],
            "months": [str(n % 73) for n in range(ROWS)],
            "plan": [plans[n % len(plans)] for n in range(ROWS)],
            "left": ["yes" if n % 4 == 0 else "no" for n in range(ROWS)],
        }
    )


@pytest.fixture
def champion(tmp_path: Path) -> Path:
    """A champion trained on plans a and b in equal parts."""
    columns = {"months": Column(type="integer"), "plan": Column(type="category")}
    trained_on = table("ab").select(["months", "plan"])
    batch = pa.RecordBatch.from_pydict(
        {"months": [int(n) for n in trained_on["months"].to_pylist()], "plan": trained_on["plan"].to_pylist()}
    )
    (tmp_path / "champion" / "bundle").mkdir(parents=True)
    (tmp_path / "champion" / "bundle" / "profile.json").write_text(build([batch], columns).to_json())
    return tmp_path / "champion"


def steps(folder: Path, plans: str, champion: Path) -> tuple[Validation, dict[str, Any]]:
    pq.write_table(table(plans), folder / "t.parquet")
    ingest(CONTRACT, str(folder / "t.parquet"), folder / "raw")
    validated(CONTRACT, folder / "raw", folder / "valid")
    shown = run(
        contract=CONTRACT,
        raw=folder / "raw",
        valid=folder / "valid",
        findings=folder / "valid",
        champion=champion,
        validation=folder / "validation",
    )
    return Validation.from_json((folder / "validation" / "validation.json").read_text()), shown


def test_the_same_customers_have_not_moved(tmp_path: Path, champion: Path) -> None:
    whole, shown = steps(tmp_path, "ab", champion)
    (drift,) = [check for check in whole.checks if check.name == "drift"]
    assert (drift.level, whole.verdict) == ("pass", "pass")
    assert drift.observed == pytest.approx(0.0, abs=1e-6)
    assert shown["psi"] == {"months": pytest.approx(0, abs=1e-6), "plan": pytest.approx(0, abs=1e-6)}


def test_other_customers_warn_in_both_reports_and_stop_nothing(
    tmp_path: Path, champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENURE_RUN_DIR", str(tmp_path / "run"))
    whole, shown = steps(tmp_path, "a", champion)
    (drift,) = [check for check in whole.checks if check.name == "drift"]
    assert (drift.level, drift.column, whole.verdict) == ("warn", "plan", "warn")
    assert "'plan' moved since the champion: PSI" in drift.message
    assert shown["warnings"] == [drift.message]
    before = Validation.from_json((tmp_path / "valid" / "validation.json").read_text())
    assert [check for check in whole.checks if check.name != "drift"] == [
        check for check in before.checks if check.name != "drift"
    ]
    assert "moved since the champion" in (tmp_path / "run" / "validation.html").read_text()
    assert json.loads((tmp_path / "run" / "validation.json").read_text())["verdict"] == "warn"


def test_without_a_champion_validate_has_said_everything(tmp_path: Path) -> None:
    (tmp_path / "champion").mkdir()
    (tmp_path / "champion" / "champion.json").write_text('{"version": null}')
    _, shown = steps(tmp_path, "ab", tmp_path / "champion")
    for name in ("validation.json", "validation.html"):
        assert (tmp_path / "validation" / name).read_bytes() == (tmp_path / "valid" / name).read_bytes()
    assert shown == {"verdict": "pass", "warnings": [], "psi": {}}


TIMED = CONTRACT.replace("{min_rows: 10}", "{min_rows: 10, freshness_days: 30}").replace(
    "  months:", "  seen: {type: date, role: time}\n  months:"
)


@pytest.mark.parametrize("with_champion", [False, True])
def test_rows_that_grew_too_old_since_validate_looked_stop_the_run_by_their_day(
    tmp_path: Path, champion: Path, monkeypatch: pytest.MonkeyPatch, with_champion: bool
) -> None:
    """Validate's answer came from the cache; the age is asked for as of the run's day, and shown in both reports."""
    monkeypatch.setenv("TENURE_RUN_DIR", str(tmp_path / "run"))
    days = ["2024-05-01", "2024-04-02"] * (ROWS // 2)
    pq.write_table(table("ab").append_column("seen", pa.array(days)), tmp_path / "t.parquet")
    ingest(TIMED, str(tmp_path / "t.parquet"), tmp_path / "raw")
    raw, valid = tmp_path / "raw", tmp_path / "valid"
    fresh = checks.validate(parse(TIMED), raw, valid, datetime(2024, 5, 2, tzinfo=UTC)).validation
    assert fresh.verdict == "pass"

    def run_on(as_of: str) -> dict[str, Any]:
        return run(
            contract=TIMED,
            raw=tmp_path / "raw",
            valid=tmp_path / "valid",
            findings=tmp_path / "valid",
            champion=champion if with_champion else tmp_path / "none",
            validation=tmp_path / "validation",
            as_of=as_of,
        )

    def age() -> Check:
        whole = Validation.from_json((tmp_path / "run" / "validation.json").read_text())
        (check,) = [check for check in whole.checks if check.name == "freshness"]
        assert {check.name for check in whole.checks} == {check.name for check in fresh.checks}
        return check

    assert run_on("2024-05-31")["verdict"] == "pass"
    assert (age().level, age().observed) == ("pass", 30.0)
    with pytest.raises(DataError, match=r"the newest 'seen' is 2024-05-01, 31 days old \(limit 30\)$"):
        run_on("2024-06-01")
    assert (age().level, age().observed) == ("stop", 31.0)
    assert "31 days old" in (tmp_path / "run" / "validation.html").read_text()


def test_a_report_that_is_not_there(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    with pytest.raises(StorageError, match=r"cannot read .*validation\.json"):
        run(
            contract=CONTRACT,
            raw=nothing,
            valid=nothing,
            findings=nothing,
            champion=nothing,
            validation=tmp_path / "validation",
        )


def test_what_is_no_validation_is_refused() -> None:
    with pytest.raises(ValueError, match="not a validation"):
        Validation.from_json('{"verdict": "pass"}')
    with pytest.raises(ValueError, match="not a validation"):
        Validation.from_json("[]")


def artifact(kind: type[dsl.Artifact], folder: Path, name: str) -> Any:
    return kind(name=name, uri=str(folder / name))


def test_the_artifacts_say_what_the_table_was_and_show_it(tmp_path: Path, champion: Path) -> None:
    pq.write_table(table("a"), tmp_path / "t.parquet")
    ingested = ingest(CONTRACT, str(tmp_path / "t.parquet"), tmp_path / "raw")
    made_of = {"data_hash": ingested["data_hash"], "contract_hash": contract_hash(parse(CONTRACT))}
    raw, valid = artifact(dsl.Dataset, tmp_path, "raw"), artifact(dsl.Dataset, tmp_path, "valid")
    findings, metrics = artifact(dsl.Artifact, tmp_path, "findings"), artifact(dsl.Metrics, tmp_path, "metrics")
    report = artifact(dsl.HTML, tmp_path, "report.html")
    validate.python_func(contract=CONTRACT, raw=raw, valid=valid, findings=findings, metrics=metrics, report=report)
    assert valid.metadata == {"rows": ROWS, **made_of}
    assert findings.metadata == {"verdict": "pass", **made_of}
    assert metrics.metadata == {
        "rows_good": ROWS,
        "rows_quarantined": 0,
        "rows_rejected": 0,
        "rows_set_aside": 0,
        "warnings": 0,
    }
    assert Path(metrics.path).exists()
    assert "This table meets its contract" in Path(report.path).read_text()

    validation, distances = artifact(dsl.Artifact, tmp_path, "validation"), artifact(dsl.Metrics, tmp_path, "distances")
    summary = artifact(dsl.Markdown, tmp_path, "summary.md")
    check_drift.python_func(
        contract=CONTRACT,
        raw=raw,
        valid=valid,
        findings=findings,
        champion=dsl.Artifact(name="champion", uri=str(champion)),
        validation=validation,
        distances=distances,
        summary=summary,
    )
    assert validation.metadata == {"verdict": "warn", **made_of}
    assert set(distances.metadata) == {"psi_months", "psi_plan"}
    assert distances.metadata["psi_plan"] > 0.25
    text = Path(summary.path).read_text()
    assert text.startswith("# warn\n")
    assert "- **warn** 'plan' moved since the champion: PSI" in text
