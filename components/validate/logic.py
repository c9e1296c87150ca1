"""validate: the rows that meet the contract, a report, and the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.step import publish
from tenure.checks.validate import validate
from tenure.contract import parse
from tenure.report.validation import write_page


def run(contract: str, raw: Path, valid: Path) -> dict[str, Any]:
    """Validate the ingested rows and publish the report; see ``tenure.checks.validate.validate``.

    Args:
        contract: the contract, YAML text.
        raw: folder of ``ingest``.
        valid: written: what ``validate`` writes, and ``validation.html``, the report for people.

    Returns:
        For the step's summary: verdict, rows, warnings, data hash.

    Raises:
        DataError: the table does not meet the contract; the message names the failed checks. All files are written
            by then.
        ContractError, StorageError: as ``validate``.
    """
    described = parse(contract)
    found = validate(described, raw, valid)
    write_page(valid / "validation.html", found.validation, described, found.sketches, raw=raw, valid=valid)
    publish(valid / "validation.json")
    publish(valid / "validation.html")
    validation = found.validation
    validation.raise_if_stopped()
    return {
        "verdict": validation.verdict,
        "rows_good": validation.rows.good,
        "rows_quarantined": validation.rows.quarantined,
        "rows_rejected": validation.rows.rejected,
        "rows_set_aside": validation.rows.set_aside,
        **({"rows_orphaned": validation.rows.orphaned} if validation.tables else {}),
        "warnings": [check.message for check in validation.of_level("warn")],
        "data_hash": validation.data_hash,
    }
