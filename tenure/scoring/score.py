"""Score: a model's predictions for every customer of a table, or of tables as of an instant, in dated Parquet files.

    <out>/2026-11-21/        appears when the last row is scored
    ├── part-00000.parquet   key, row, probability, decision, band, outputs of additions; of a panel also time,
    │                       behind row
    ├── rejected.parquet     rows that could not be read, with the reason
    ├── high-risk.csv        the customers with the highest risk, and what raised it
    └── summary.json         counts, bands, distribution of the probabilities, model, source

For a regression the parts hold value, value_low and value_high, and the list is ``highest-value.csv``. Where the row
number is the contract's key, ``key`` is the row number too.

A table of which more rows are rejected than ``quality.max_rejected_share`` allows is not scored: no folder appears,
one of an earlier run stays as it is, and the rejected rows are in ``<out>/2026-11-21-rejected.parquet``.

Of tables from which the model's inputs are computed, the folder has the name of the day of the instant, with the time
(``2026-11-21T06-00``) if one was given that is not midnight. ``row`` numbers the eligible customers, and the reasons of
rejected rows begin with the table.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure import count_text
from tenure.atomic import storage_errors, write_text
from tenure.bundle import Bundle, Prediction
from tenure.contract.schema import WITHOUT_KEY
from tenure.contract.sources import TABLES_FOLDER, assembly_of
from tenure.errors import DataError, InputError
from tenure.features.current import AsOf, Data, current_customers
from tenure.features.customers_at import CustomersAt
from tenure.features.instants import local
from tenure.intake.customers import Customers
from tenure.parsing import ROW, rejects
from tenure.progress import progress
from tenure.scoring.ahead import ahead
from tenure.scoring.input_counts import InputCounts
from tenure.scoring.parts import (
    close_work_folder,
    inputs_hash,
    open_work_folder,
    part_file,
    read_finished_part,
    read_parts,
    remove_parts_from,
    write_part,
)
from tenure.scoring.repeats import find_repeats
from tenure.scoring.tally import Tally
from tenure.sources import TableSink
from tenure.tasks import get
from tenure.transform import read_day, utc_day, with_today

PART_ROWS = 65_536
TOP = 100
REASONS = 3
"""Columns that the list names as reasons of a score."""
SUMMARY_FILE = "summary.json"
REJECTED_FILE = "rejected.parquet"


@dataclass(frozen=True)
class ScoreRun:
    """A finished scoring run."""

    folder: Path
    """The day's folder."""
    summary: dict[str, Any]
    """The content of ``summary.json``."""


def score(
    model: Bundle,
    table: Data,
    out: Path,
    *,
    base_folder: Path = Path(),
    day: str = "",
    as_of: AsOf = None,
    threshold: float | None = None,
    top: int = TOP,
    part_rows: int = PART_ROWS,
    keep_rejected: bool = True,
) -> ScoreRun:
    """Score a table. A run of the same job that was killed is resumed.

    A value that the model does not know is predicted for as the server does: a missing one is imputed, in a column
    that is not nullable too; an unknown text counts as unknown; a number out of range is clipped. They are counted by
    column. A row without a key is rejected; one that repeats a key is scored like any other, and counted.

    Args:
        model: the bundle to predict with.
        table: the customers: an address, or a table in memory. It needs the key and the model's inputs, no label. Of a
            model whose inputs are computed from tables also these, by name.
        out: folder in which the day's folder appears; one of the same day is replaced.
        base_folder: folder that a relative address starts from.
        day: name of the day's folder, ISO 8601; today in UTC by default. Also what ``today()`` is for rows that name no
            day of their own; see ``tenure.transform.today``. Only for rows with the model's inputs.
        as_of: when tables are looked at from which the inputs are computed; now without it. A day begins at midnight in
            the contract's zone.
        threshold: smallest probability, or value, of a customer to contact, instead of the bundle's own.
        top: number of customers in the list of the highest scores.
        part_rows: rows of a part: as many are held in memory, and as many are lost if the run is killed.
        keep_rejected: where too many rows are rejected, whether they are kept beside the day's folder.

    Raises:
        InputError: ``day`` is not a valid folder name, or not a day where a feature depends on it; ``as_of`` is not an
            instant, or lies in the far future; or one of them does not belong to the table.
        DataError: the table cannot be read, lacks a column, has no row that can be scored, or more rows are rejected
            than the contract allows; the message then says how many, why, and where they are.
        ContractError: the address is invalid.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the disk is full or cannot be written.
    """
    customers = current_customers(model.contract, table, base_folder, as_of=as_of, day=day)
    day, today = _day_of(customers, day, as_of)
    source = customers.shown
    work = out / f".{day}.partial"
    job: dict[str, Any] = {
        "bundle_version": model.version,
        "source": source,
        "threshold": threshold,
        "part_rows": part_rows,
    }
    if isinstance(customers, CustomersAt):
        job |= {"instant": customers.instant, "tables": customers.addresses}
        customers.work = work / TABLES_FOLDER
    open_work_folder(work, job)
    task = get(model.contract.task)
    tally = Tally(top, task.outputs.score, model.decision.histogram_ends())
    inputs = InputCounts()
    reused = 0
    with (
        TableSink(work / REJECTED_FILE, rejects.SCHEMA) as rejected,
        contextlib.closing(ahead(read_parts(customers, part_rows, rejected))) as parts,
    ):
        for number, part in enumerate(parts):
            path = part_file(work, number)
            content = inputs_hash(part)
            scores = read_finished_part(path, content)
            if scores is None:
                scores, prediction = _score_part(model, part, threshold, today)
                inputs.add(prediction, part)
                write_part(path, scores, content)
            else:
                reused += 1
                columns = with_today(model.contract, _inputs(model, part), today)
                inputs.add(model.transform.encode(columns), part)
            tally.add(scores, part)
            share = customers.share
            progress(
                f"{count_text.customers(tally.rows)} scored", *((round(100 * share), 100) if share is not None else ())
            )
    kept = out / f"{day}-{REJECTED_FILE}"
    _require_readable(customers, work, kept if keep_rejected else None)
    if not tally.rows:
        raise DataError(f"{source}: no row can be scored; {customers.rejected.total():,} were rejected")
    shutil.rmtree(work / TABLES_FOLDER, ignore_errors=True)
    finished = -(-tally.rows // part_rows)
    remove_parts_from(work, finished)
    write_text(work / task.texts.score_list, _list_csv(model, tally.highest, threshold, today))
    identity = [
        shown
        for shown, name in zip(("key", "time"), model.contract.row_identity, strict=False)
        if name in tally.highest.column_names
    ]
    summary = {
        **tally.summary(),
        "name": model.manifest.name,
        "bundle_version": model.version,
        "threshold": model.decision.threshold if threshold is None else threshold,
        "source": source,
        "day": day,
        "key": model.contract.key or model.contract.key_column,
        "notes": customers.warnings() if isinstance(customers, CustomersAt) else _notes(model),
        "rejected": customers.rejected.total(),
        "reasons": dict(customers.rejected.most_common()),
        "first_rejected": customers.examples,
        **inputs.summary(),
        "repeated_keys": find_repeats([part_file(work, number) for number in range(finished)], identity),
        "parts_reused": reused,
        **(customers.summary() if isinstance(customers, CustomersAt) else {}),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_text(work / SUMMARY_FILE, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    close_work_folder(work, out / day)
    kept.unlink(missing_ok=True)
    return ScoreRun(out / day, summary)


def _day_of(customers: Customers | CustomersAt, day: str, as_of: AsOf) -> tuple[str, date | None]:
    """Name of the day's folder, and what ``today()`` is for rows that name no day.

    Raises:
        InputError: ``day`` is not valid.
    """
    contract = customers.contract
    if isinstance(customers, CustomersAt):
        shown = local(customers.instant, assembly_of(contract).zone)
        is_midnight = shown == datetime.combine(shown, time())
        name = shown.date().isoformat() if is_midnight or not as_of else shown.strftime("%Y-%m-%dT%H-%M")
        return name, shown.date()
    day = day or utc_day().isoformat()
    if Path(day).name != day or day.startswith("."):
        raise InputError(f"'{day}' is not a valid name of a day's folder")
    return day, read_day(day) if contract.uses_today else None


def _notes(model: Bundle) -> list[str]:
    return [WITHOUT_KEY] if model.contract.key else []


def _require_readable(customers: Customers | CustomersAt, work: Path, kept: Path | None) -> None:
    """Give the run up if too many rows were rejected: remove its work folder, move the rejected rows to ``kept``.

    Raises:
        DataError: too many were.
    """
    try:
        customers.require_readable()
    except DataError as error:
        if kept is not None:
            with storage_errors(kept):
                (work / REJECTED_FILE).replace(kept)
        shutil.rmtree(work, ignore_errors=True)
        where = "" if kept is None else f"; all of them: {kept}"
        raise DataError(f"{error}{where}") from None


def _score_part(
    model: Bundle, part: pa.Table, threshold: float | None, today: date | None
) -> tuple[pa.Table, Prediction]:
    contract = model.contract
    prediction = model.predict(_inputs(model, part), threshold=threshold, day=today, additions=True)
    is_panel = contract.split.by is not None and contract.time in part.column_names
    scores = pa.table(
        {
            "key": part.column(contract.key_column).cast(pa.string()),
            "row": part.column(ROW),
            **({"time": part.column(contract.time)} if is_panel else {}),
            **prediction.columns,
            "decision": prediction.decision,
            "band": pa.array(prediction.band, pa.string()),
            **{name: prediction.added_values(column) for name, column in model.added_columns.items()},
        }
    )
    return scores, prediction


def _inputs(model: Bundle, part: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: part.column(name) for name in model.contract.accepted if name in part.column_names}


def _list_csv(model: Bundle, customers: pa.Table, threshold: float | None, today: date | None) -> str:
    """The customers as CSV, each with the columns that moved its score most."""
    prediction = model.predict(
        _inputs(model, customers), explain=REASONS, threshold=threshold, day=today, additions=True
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    numbers = prediction.columns
    header = [f"reason_{place}" for place in range(1, REASONS + 1)]
    added = [
        [value if column.type == "text" else f"{value:.6f}" for value in prediction.added_values(column)]
        for column in model.added_columns.values()
    ]
    writer.writerow(["key", *numbers, "contact", "band", "recommendation", *header, *model.added_columns, "row"])
    keys = customers.column(model.contract.key_column).cast(pa.string()).to_pylist()
    for place, (key, row) in enumerate(zip(keys, customers.column(ROW).to_pylist(), strict=True)):
        reasons = [f"{reason.column} {reason.contribution:+.3f}" for reason in prediction.reasons[place]]
        reasons += [""] * (REASONS - len(reasons))
        contact = "yes" if prediction.decision[place] else "no"
        decided = (contact, prediction.band[place], prediction.recommendation[place])
        numbered = [f"{values[place]:.6f}" for values in numbers.values()]
        writer.writerow([key, *numbered, *decided, *reasons, *(values[place] for values in added), row])
    return text.getvalue()
