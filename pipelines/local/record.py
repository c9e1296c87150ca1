"""Record of a run: ``runs/<run id>/run.json``.

running ──▶ finished      the pipeline reached a verdict
        ├─▶ failed        a step ended with an error
        └─▶ interrupted   Ctrl-C, or killed: still ``running``, but no process holds the home's lock
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.local.home import Home
from pipelines.local.lock import holder_of
from tenure.atomic import write_text
from tenure.errors import InputError

State = Literal["running", "finished", "failed", "interrupted"]

FILE_NAME = "run.json"


@dataclass(frozen=True)
class RunRecord:
    """A run, as shown by ``tenure runs``."""

    run_id: str
    dataset: str
    """Name of the contract and of the registered model."""
    contract: str
    """Path of the contract."""
    source: str
    state: State
    started_at: str
    """ISO 8601, UTC; so is ``ended_at``."""
    parameters: dict[str, Any] = field(default_factory=dict)
    ended_at: str | None = None
    exit_status: int | None = None
    error: str | None = None
    verdict: str | None = None
    version: str | None = None
    """Registered version of the run's model; that of the champion if the two are identical."""
    roc_auc: float | None = None
    profit: float | None = None
    """Expected profit on the test part, in the period of the contract, in the contract's currency."""
    default_business_values: str | None = None
    """Business values that the contract did not set, on which ``profit`` rests."""
    r2: float | None = None
    rmse: float | None = None
    """In the label's unit. A regression has ``r2`` and ``rmse`` in place of ``roc_auc`` and ``profit``."""
    duration_s: float | None = None
    results: dict[str, str] = field(default_factory=dict)
    """Name of an artifact to its folder."""

    def ended(self, state: State, exit_status: int, **found: Any) -> RunRecord:
        """A copy of the record with the end of the run."""
        now = datetime.now(UTC)
        duration = (now - datetime.fromisoformat(self.started_at)).total_seconds()
        return dataclasses.replace(
            self,
            state=state,
            exit_status=exit_status,
            ended_at=now.isoformat(timespec="seconds"),
            duration_s=round(duration, 1),
            **found,
        )


def new_run_id(home: Home, dataset: str) -> str:
    """An id such as ``20251121-090102-telco``, unique in ``home``; ids sort by time."""
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{dataset}"
    candidate, count = stem, 1
    while (home.runs / candidate).exists():
        count += 1
        candidate = f"{stem}-{count}"
    return candidate


def write(home: Home, record: RunRecord) -> None:
    """Write ``run.json`` in the run's folder, whole or not at all.

    Raises:
        StorageError: if it cannot be written.
    """
    path = home.runs / record.run_id / FILE_NAME
    write_text(path, json.dumps(dataclasses.asdict(record), indent=2) + "\n")


def read_all(home: Home) -> list[RunRecord]:
    """All runs of a home, newest first."""
    files = sorted(home.runs.glob(f"*/{FILE_NAME}"), key=lambda file: _sort_key(file.parent.name), reverse=True)
    return [record for record in (_read(file, home) for file in files) if record is not None]


def read(home: Home, run_id: str) -> RunRecord:
    """One run; ``last`` is the newest.

    Raises:
        InputError: if the home has no such run.
    """
    if run_id == "last":
        records = read_all(home)
        if not records:
            raise InputError(f"no run yet in {home.folder}; start one with 'tenure run DATASET'")
        return records[0]
    record = _read(home.runs / run_id / FILE_NAME, home) if re.fullmatch(r"[\w-]+", run_id) else None
    if record is None:
        raise InputError(f"no run '{run_id}' in {home.folder}; 'tenure runs' lists them")
    return record


def _sort_key(run_id: str) -> tuple[str, int, str]:
    """Sort key of a run id: ``…-telco-10``, of the same second, comes after ``…-telco-9``."""
    return run_id[:15], len(run_id), run_id


def _read(file: Path, home: Home) -> RunRecord | None:
    from pydantic import TypeAdapter

    try:
        record = TypeAdapter(RunRecord).validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    if record.state == "running":
        holder = holder_of(home.lock)
        if holder is None or holder.run_id != record.run_id:
            return dataclasses.replace(record, state="interrupted")
    return record
