"""score: the model's answer about every customer of a table, in dated Parquet files.

    <out>/2026-11-21/        appears whole, when the last row is scored
    ├── part-00000.parquet   key, row, probability, decision, band
    ├── rejected.parquet     rows that could not be read, and why
    ├── high-risk.csv        the customers most at risk, with the reasons
    └── summary.json         counts, bands, distribution of the probabilities, model, source

Of a regression the parts have value, value_low and value_high, and the list is highest-value.csv.

Until then the files are in ``.2026-11-21.partial``; a run that was killed leaves them there, and the next one goes on
from the last whole part.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.bundle import Bundle, Prediction, ValuePrediction, read
from tenure.contract.settings import Source, Task
from tenure.decision import ValueDecision
from tenure.errors import DataError, InputError, StorageError
from tenure.intake.customers import Customers
from tenure.parsing import ROW, rejects
from tenure.progress import progress
from tenure.scoring.ahead import ahead
from tenure.scoring.tally import Tally
from tenure.sources import TableSink, write_text
from tenure.sources.address import resolve

PART_ROWS = 65_536
TOP = 100
REASONS = 3
JOB_FILE = "job.json"
SUMMARY_FILE = "summary.json"
LISTS: dict[Task, str] = {"classification": "high-risk.csv", "regression": "highest-value.csv"}
"""File of the customers with the highest scores."""
SPREADS = 4.0
"""Standard deviations of the label from its mean to the ends of a regression's histogram."""


def run(
    *,
    bundle: Path,
    source: Source,
    out: Path,
    base_folder: Path = Path(),
    day: str = "",
    threshold: float | None = None,
    top: int = TOP,
    part_rows: int = PART_ROWS,
) -> dict[str, Any]:
    """Score a table.

    Args:
        bundle: folder of the model.
        source: where the table is; it needs the model's inputs and the key, no label.
        out: folder that the day's folder appears in; one of the same day is replaced.
        base_folder: what a relative address starts from.
        day: the folder's name, ISO 8601; today, UTC, if empty.
        threshold: contact from this probability, or value, on, instead of from the bundle's own.
        top: how many customers the list of the highest scores has.
        part_rows: rows of a part: what a killed run loses at most, and what is held in memory.

    Returns:
        The content of ``summary.json``.

    Raises:
        BundleError: the bundle must not be loaded.
        DataError: the table cannot be read, lacks a column, or has no row that can be scored.
        SourceError: the system that holds it is down. StorageError: the disk is full or refuses.
    """
    model = read(bundle)
    day = day or datetime.now(UTC).date().isoformat()
    if Path(day).name != day or day.startswith("."):
        raise InputError(f"'{day}' is no name for a day's folder")
    shown = resolve(source, base_folder).shown
    work, target = out / f".{day}.partial", out / day
    job = {"bundle_version": model.version, "source": shown, "threshold": threshold, "part_rows": part_rows}
    _open_work(work, job)
    customers = Customers(model.contract, source, base_folder)
    tally = Tally(top, score_column(model), _ends(model))
    reused = 0
    with (
        TableSink(work / "rejected.parquet", rejects.SCHEMA) as refused,
        contextlib.closing(ahead(_parts(customers, part_rows, refused))) as parts,
    ):
        for number, part in enumerate(parts):
            path = work / f"part-{number:05}.parquet"
            scored = _whole_part(path, part, model.contract.key)
            reused += scored is not None
            if scored is None:
                scored = _score(model, part, threshold)
                with TableSink(path, scored.schema) as sink:
                    for batch in scored.to_batches():
                        sink.write(batch)
            tally.add(scored, part)
            share = customers.share
            progress(f"{tally.rows:,} customers scored", *((round(100 * share), 100) if share is not None else ()))
    if not tally.rows:
        raise DataError(f"{shown}: no row can be scored; {sum(customers.rejected.values()):,} were rejected")
    used = -(-tally.rows // part_rows)
    for left in sorted(work.glob("part-*.parquet"))[used:]:
        left.unlink()
    write_text(work / LISTS[model.contract.task], _list(model, tally.riskiest, threshold))
    summary = {
        **tally.summary(),
        "name": model.manifest.name,
        "bundle_version": model.version,
        "threshold": model.decision.threshold if threshold is None else threshold,
        "source": shown,
        "day": day,
        "rejected": sum(customers.rejected.values()),
        "reasons": dict(customers.rejected.most_common()),
        "parts_reused": reused,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_text(work / SUMMARY_FILE, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    _publish(work, target)
    return summary


def _open_work(work: Path, job: dict[str, Any]) -> None:
    """Go on with a killed run of the same job; begin anew after any other."""
    text = json.dumps(job, sort_keys=True) + "\n"
    try:
        same = (work / JOB_FILE).read_text(encoding="utf-8") == text
    except OSError:
        same = False
    if not same:
        shutil.rmtree(work, ignore_errors=True)
        write_text(work / JOB_FILE, text)


def _parts(customers: Customers, part_rows: int, refused: TableSink) -> Iterator[pa.Table]:
    """The customers in tables of ``part_rows``, the last one shorter."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch, bad in customers.batches():
        if bad:
            refused.write(rejects.to_batch(sorted(bad, key=lambda row: row.row)))
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= part_rows:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, part_rows)
            waiting = table.slice(part_rows).to_batches()
            rows -= part_rows
    if rows:
        yield pa.Table.from_batches(waiting)


def _whole_part(path: Path, part: pa.Table, key: str) -> pa.Table | None:
    """The part that an earlier run scored, if it is of just these rows."""
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    same = found.num_rows == part.num_rows and found.column("row").equals(part.column(ROW))
    return found if same and found.column("key").equals(part.column(key).cast(pa.string())) else None


def _score(model: Bundle, part: pa.Table, threshold: float | None) -> pa.Table:
    key = model.contract.key
    answer = model.predict(_inputs(model, part), threshold=threshold)
    return pa.table(
        {
            "key": part.column(key).cast(pa.string()),
            "row": part.column(ROW),
            **_said(answer),
            "decision": answer.decision,
            "band": pa.array(answer.band, pa.string()),
        }
    )


def _inputs(model: Bundle, part: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: part.column(name) for name in model.contract.inputs if name in part.column_names}


def _said(answer: Prediction | ValuePrediction) -> dict[str, np.ndarray]:
    """What was predicted, by the name of its column."""
    if isinstance(answer, ValuePrediction):
        return {"value": answer.value, "value_low": answer.low, "value_high": answer.high}
    return {"probability": answer.probability}


def score_column(model: Bundle) -> str:
    """The column of a part that customers are ranked by."""
    return "value" if isinstance(model.decision, ValueDecision) else "probability"


def _ends(model: Bundle) -> tuple[float, float]:
    """Of the histogram: a probability's, or what the training labels make likely."""
    decision = model.decision
    if not isinstance(decision, ValueDecision):
        return 0.0, 1.0
    reach = SPREADS * (decision.label_spread or 1.0)
    low, high = decision.value(np.array([decision.label_mean - reach, decision.label_mean + reach])).tolist()
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def _list(model: Bundle, customers: pa.Table, threshold: float | None) -> str:
    """The list as CSV, with what moved each customer's score most."""
    answer = model.predict(_inputs(model, customers), explain=REASONS, threshold=threshold)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    reasons = [f"reason_{place}" for place in range(1, REASONS + 1)]
    numbers = _said(answer)
    writer.writerow(["key", *numbers, "contact", "band", "recommendation", *reasons])
    for row, key in enumerate(customers.column(model.contract.key).cast(pa.string()).to_pylist()):
        said = [f"{reason.column} {reason.contribution:+.3f}" for reason in answer.reasons[row]]
        said += [""] * (REASONS - len(said))
        decision = "yes" if answer.decision[row] else "no"
        score = [f"{values[row]:.6f}" for values in numbers.values()]
        writer.writerow([key, *score, decision, answer.band[row], answer.recommendation[row], *said])
    return text.getvalue()


def _publish(work: Path, target: Path) -> None:
    """Put the finished folder in the place of the day's former one, if there is one."""
    former = target.with_name(f".{target.name}.{os.getpid()}.former")
    try:
        (work / JOB_FILE).unlink()
        if target.exists():
            target.rename(former)
        work.rename(target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    shutil.rmtree(former, ignore_errors=True)
