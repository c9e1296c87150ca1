"""monitor: today's customers against those that the model was made from, and what follows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.customers import Customers
from components.monitor.report import write_report
from components.monitor.sample import Sample
from components.monitor.verdict import decide
from components.step import progress
from tenure.bundle import Bundle, read
from tenure.contract.settings import Source, Task
from tenure.drift import Profile, Sketch, distances, psi
from tenure.errors import DataError, StorageError
from tenure.prediction_log import newest
from tenure.sources import write_text
from tenure.sources.address import resolve

SAMPLE_ROWS = 5_000
SCORE_BINS = 10
MAX_LOGGED = 100_000

SCORES: dict[Task, str] = {"classification": "probability", "regression": "value"}
"""Column of a day's scores."""
WORDS: dict[Task, str] = {"classification": "the probabilities", "regression": "the predicted values"}


def run(
    *,
    bundle: Path,
    current: Source,
    monitoring: Path,
    base_folder: Path = Path(),
    reference: Source | None = None,
    scores: Path | None = None,
    log: str | None = None,
) -> dict[str, Any]:
    """Compare a table with what the model learnt from.

    Each input is compared with the profile inside the bundle. The probabilities, or values, are compared with those of
    a reference table, and samples of both tables are drawn side by side; a bundle holds no rows, so without a
    reference the verdict stands on the inputs alone, and a note says so.

    Args:
        bundle: folder of the model.
        current: where today's table is.
        monitoring: written: ``monitoring.json``, and ``drift.html`` where there is a reference.
        base_folder: what relative addresses start from.
        reference: the table that the model was trained on, or any other from a time when all was well.
        scores: folder of a day's scores, for the probabilities of now; otherwise ``current`` is scored.
        log: a prediction log, likewise.

    Returns:
        The content of ``monitoring.json``: ``verdict``, ``reasons``, ``columns`` (PSI by name), ``scores``
        (``psi``, ``mean_then``, ``mean_now``, ``of``), ``rows``, ``rejected``, ``notes``, ``model``.

    Raises:
        BundleError: the bundle must not be loaded.
        DataError: its profile is of nothing, the table lacks a column, has too few rows, or there are no scores.
        SourceError: a system that holds the table or the log is down. StorageError: the disk is full or refuses.
    """
    model = read(bundle)
    profile = Profile.from_dict(model.profile)
    quality = model.contract.quality
    shown = resolve(current, base_folder).shown
    progress("reading today's customers")
    customers = Customers(model.contract, current, base_folder)
    sketch, now = _survey(model, customers)
    rows = 0 if sketch is None else sketch.rows
    if sketch is None or rows < quality.min_rows:
        raise DataError(f"{shown}: {rows:,} rows can be read, 'quality.min_rows' asks for {quality.min_rows:,}")
    then = None if reference is None else _reference(model, reference, base_folder)
    notes = [] if reference is not None else ["no reference table was given: the inputs alone are judged"]
    predicted, of = _predicted(model, now, scores, log)
    drift = None if then is None else _score_drift(_predict(model, then), predicted, of)
    rejected = sum(customers.rejected.values())
    verdict = decide(
        distances(profile, sketch),
        None if drift is None else drift["psi"],
        rejected / (rows + rejected),
        max_psi=quality.max_psi,
        max_rejected_share=quality.max_rejected_share,
        predicted=WORDS[model.contract.task],
    )
    document = {
        "verdict": verdict.state,
        "reasons": list(verdict.reasons),
        "columns": dict(sorted(distances(profile, sketch).items(), key=lambda item: -item[1])),
        "scores": drift,
        "rows": rows,
        "rejected": rejected,
        "notes": notes,
        "model": {"name": model.manifest.name, "version": model.version, "data_hash": model.manifest.data_hash},
        "source": shown,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    monitoring.mkdir(parents=True, exist_ok=True)
    if then is not None:
        progress("drawing then and now side by side")
        write_report(then, now, model.contract, monitoring / "drift.html")
    write_text(monitoring / "monitoring.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document


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


def _predicted(model: Bundle, now: pa.Table, scores: Path | None, log: str | None) -> tuple[NDArray[np.float64], str]:
    """What the model says now, and where that was found."""
    if scores is not None:
        return _scored(scores, model), str(scores)
    if log is not None:
        logged = newest(log, MAX_LOGGED, version=model.version)
        values = [row.score for row in logged if row.score is not None and not row.fallback]
        if not values:
            raise DataError(f"the prediction log at {log} holds nothing that version {model.version} answered")
        return np.array(values), log
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


def _score_drift(then: NDArray[np.float64], now: NDArray[np.float64], of: str) -> dict[str, Any]:
    """PSI over the deciles of the reference."""
    edges = np.unique(np.quantile(then, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    before, after = (np.bincount(np.searchsorted(edges, p), minlength=len(edges) + 1) / len(p) for p in (then, now))
    distance = psi(before, after, len(then), len(now))
    return {"psi": distance, "mean_then": float(then.mean()), "mean_now": float(now.mean()), "of": of}
