"""monitor: today's customers against those that the model was made from, and what follows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.bundle import Bundle, read
from tenure.contract.settings import Source, Task
from tenure.errors import DataError, StorageError
from tenure.intake.customers import Customers
from tenure.monitoring.evidently_page import write_report
from tenure.monitoring.served import Served
from tenure.monitoring.verdict import Verdict, decide
from tenure.progress import progress
from tenure.sources import write_text
from tenure.sources.address import resolve
from tenure.stats import Profile, ScoreProfile, Sketch, distances
from tenure.stats.row_sample import Sample

FORMAT = 1
"""Of ``monitoring.json``; ``tenure/schemas`` describes it."""
SAMPLE_ROWS = 5_000

SCORES: dict[Task, str] = {"classification": "probability", "regression": "value"}
"""Column of a day's scores."""
NO_REFERENCE = "no reference table was given: the inputs alone are judged"
NOTHING_DRAWN = "no reference table was given: scores are held against those of the validation part, nothing is drawn"
WORDS: dict[Task, str] = {"classification": "the probabilities", "regression": "the predicted values"}


def run(
    *,
    bundle: Path,
    current: Source | None,
    monitoring: Path,
    base_folder: Path = Path(),
    reference: Source | None = None,
    scores: Path | None = None,
    log: str | None = None,
) -> dict[str, Any]:
    """Compare today's customers with those that the model learnt from.

    Each input is compared with the profile inside the bundle. The probabilities, or values, are compared with those of
    a reference table, or without one with what the bundle says that the model predicted on the validation part. A
    bundle holds no rows: samples of then and now are drawn side by side only with a reference.

    Args:
        bundle: folder of the model.
        current: where today's table is; None for the customers in the prediction log.
        monitoring: written: ``monitoring.json``, and ``drift.html`` where there is a reference.
        base_folder: what relative addresses start from.
        reference: the table that the model was trained on, or any other from a time when all was well.
        scores: folder of a day's scores, for the probabilities of now; otherwise ``current`` is scored.
        log: a prediction log, likewise; without ``current`` also for the inputs.

    Returns:
        The content of ``monitoring.json``: ``format``, ``verdict``, ``reasons``, ``columns`` (PSI by name), ``scores``
        (``psi``, ``mean_then``, ``mean_now``, ``of``), ``rows``, ``rejected``, ``notes``, ``model``. The verdict is
        ``undecided`` where the log holds too few rows of this version, as it does after a promotion.

    Raises:
        BundleError: the bundle must not be loaded.
        DataError: its profile is of nothing, the table lacks a column, has too few rows, or there are no scores or no
            log.
        SourceError: a system that holds the table or the log is down. StorageError: the disk is full or refuses.
    """
    model = read(bundle)
    profile = Profile.from_dict(model.profile)
    before = _predicted_before(model)
    if before is None and reference is None and (scores is not None or log is not None):
        raise DataError(f"{bundle} does not say what its model predicted in training: give a reference table")
    served = None if log is None else Served.read(model, log)
    now = _of_log(model, served) if current is None and served is not None else _of_table(model, current, base_folder)
    then = None if reference is None else _reference(model, reference, base_folder)
    if then is not None:
        before = ScoreProfile.of(_predict(model, then))
    notes = [] if reference is not None else [NO_REFERENCE if before is None else NOTHING_DRAWN]
    notes += [] if served is None else [f"the prediction log {served}"]
    apart: dict[str, float] = {}
    drift = None
    least = model.contract.quality.min_rows
    if served is not None and (now.rows < least or len(served.scores) < least):
        verdict = Verdict("undecided", (f"fewer than {least:,} customers ('quality.min_rows') were answered yet",))
    else:
        apart = distances(profile, now.sketch)
        if before is not None:
            drift = _score_drift(before, *_predicted(model, now.sample, scores, served))
        verdict = decide(
            apart,
            None if drift is None else drift["psi"],
            now.rejected / (now.rows + now.rejected),
            max_psi=model.contract.quality.max_psi,
            max_rejected_share=model.contract.quality.max_rejected_share,
            predicted=WORDS[model.contract.task],
        )
    document = {
        "format": FORMAT,
        "verdict": verdict.state,
        "reasons": list(verdict.reasons),
        "columns": dict(sorted(apart.items(), key=lambda item: -item[1])),
        "scores": drift,
        "rows": now.rows,
        "rejected": now.rejected,
        "notes": notes,
        "model": {"name": model.manifest.name, "version": model.version, "data_hash": model.manifest.data_hash},
        "source": now.shown,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    monitoring.mkdir(parents=True, exist_ok=True)
    if then is not None and now.sample.num_rows:
        progress("drawing then and now side by side")
        write_report(then, now.sample, model.contract, monitoring / "drift.html")
    write_text(monitoring / "monitoring.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document


@dataclass(frozen=True)
class _Now:
    """Today's customers."""

    shown: str
    sketch: Sketch
    sample: pa.Table
    rejected: int

    @property
    def rows(self) -> int:
        return self.sketch.rows


def _of_table(model: Bundle, current: Source | None, base_folder: Path) -> _Now:
    if current is None:
        raise DataError("there are no customers of today: give a table, or a prediction log")
    progress("reading today's customers")
    shown = resolve(current, base_folder).shown
    customers = Customers(model.contract, current, base_folder)
    sketch, sample = _survey(model, customers)
    rows, least = 0 if sketch is None else sketch.rows, model.contract.quality.min_rows
    if sketch is None or rows < least:
        raise DataError(f"{shown}: {rows:,} rows can be read, 'quality.min_rows' asks for {least:,}")
    return _Now(shown, sketch, sample, sum(customers.rejected.values()))


def _of_log(model: Bundle, served: Served) -> _Now:
    progress("reading the customers that were served")
    batch, rejected = served.customers(model)
    sketch, sample = (
        Sketch({n: c for n, c in model.contract.inputs.items() if n in batch.schema.names}),
        Sample(SAMPLE_ROWS),
    )
    sketch.add(batch)
    sample.add(batch)
    return _Now(served.location, sketch, sample.rows, rejected)


def _predicted_before(model: Bundle) -> ScoreProfile | None:
    """What the bundle says that the model predicted; one from before it was asked for says nothing."""
    found = model.profile.get("scores")
    return None if found is None else ScoreProfile.from_dict(found)


def _survey(model: Bundle, customers: Customers) -> tuple[Sketch | None, pa.Table]:
    """Shares of all rows, and a sample of them."""
    sketch, sample = None, Sample(SAMPLE_ROWS)
    for batch, _ in customers.batches():
        if sketch is None:
            sketch = Sketch({name: c for name, c in model.contract.inputs.items() if name in batch.schema.names})
        sketch.add(batch)
        sample.add(batch)
    return sketch, sample.rows


def _reference(model: Bundle, source: Source, base_folder: Path) -> pa.Table:
    progress("reading the reference")
    _, sample = _survey(model, Customers(model.contract, source, base_folder))
    if not sample.num_rows:
        raise DataError(f"{resolve(source, base_folder).shown}: the reference has no row that can be read")
    return sample


def _predict(model: Bundle, table: pa.Table) -> NDArray[np.float64]:
    names = [name for name in model.contract.inputs if name in table.column_names]
    return model.predict({name: table.column(name) for name in names}).score


def _predicted(
    model: Bundle, now: pa.Table, scores: Path | None, served: Served | None
) -> tuple[NDArray[np.float64], str]:
    """What the model says now, and where that was found."""
    if scores is not None:
        return _scored(scores, model), str(scores)
    if served is not None:
        return served.scores, served.location
    return _predict(model, now), "a sample of the table"


def _scored(folder: Path, model: Bundle) -> NDArray[np.float64]:
    parts: Iterable[Path] = sorted(folder.glob("part-*.parquet"))
    try:
        found = [pq.read_table(part, columns=[SCORES[model.contract.task]]).column(0).to_numpy() for part in parts]
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"cannot read the scores in {folder}: {str(error).splitlines()[0]}") from error
    if not found:
        raise DataError(f"no scores in {folder}: a day's folder of 'tenure score' is meant")
    return np.concatenate(found)


def _score_drift(then: ScoreProfile, now: NDArray[np.float64], of: str) -> dict[str, Any]:
    return {"psi": then.distance(now), "mean_then": then.mean, "mean_now": float(now.mean()), "of": of}
