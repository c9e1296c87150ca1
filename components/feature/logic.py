"""Feature: windows over events, derived features, the split, and the transform fitted on the training part."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.step import publish
from tenure.checks import labels_of
from tenure.contract import Contract, parse
from tenure.contract.schema import LABEL_COLUMN, SNAPSHOT_COLUMN
from tenure.errors import DataError
from tenure.features.definitions import definitions
from tenure.features.leakage import stop_if_leaking
from tenure.features.rows import Rows, of_file, of_table
from tenure.features.split import PARTS, Assignment, assign, hash_keys
from tenure.features.windows import event_columns, horizon_days, snapshots
from tenure.progress import progress
from tenure.sources import TableSink, write_text
from tenure.tasks import get
from tenure.transform import Tables, Transform, fit


def run(contract: str, valid: Path, features: Path) -> dict[str, Any]:
    """Make the tables that models are trained, chosen and tested on.

    Inputs:
        contract: the contract, YAML text.
        valid: ``validate``'s output folder; read: ``data.parquet``.

    Outputs, in the folder ``features``:
        train.parquet, validation.parquet, test.parquet: the columns of ``valid`` but the label (for an event log its
            snapshots), the derived features, ``_label`` (int8; float64 for regression).
        transform.json: the transform, fitted on the training part alone.
        definitions.json: every feature, for people.
        split.json: how the rows were divided.
        leakage.json: what the leakage check found in the training part (``tenure.checks.leakage``).

    Returns what the step shows: rows and churn rate, or mean of the label, a part; numbers of features, what may be
    leakage.

    Raises:
        ContractError: the contract cannot hold.
        DataError: an event log does not cover a cut, a label is missing, a part of the split lacks a class, or a
            feature gives the label away.
        StorageError: a file cannot be read or written.
    """
    described = parse(contract)
    table = of_file(valid / "data.parquet")
    if described.events is not None:
        progress("looking back from the cuts")
        table = of_table(snapshots(described, table.batches(event_columns(described))))
    assignment, labels, times = _divide(described, table)
    progress("fitting the transform")
    transform = fit(described, _training_part(table, assignment))
    progress("looking for leakage")
    leakage = features / "leakage.json"
    try:
        warnings = stop_if_leaking(described, _training_part(table, assignment), transform, leakage)
    finally:
        if leakage.exists():
            publish(leakage)
    progress("writing the parts")
    _write_parts(described, table, assignment, transform, features)
    write_text(features / "transform.json", transform.to_json())
    write_text(features / "definitions.json", _json(definitions(described, transform)))
    split = _split_record(described, assignment, labels, times)
    write_text(features / "split.json", _json(split))
    return {
        "rows": split["rows"],
        **{name: split[name] for name in ("churn_rates", "label_means") if name in split},
        "strategy": split["strategy"],
        "inputs": len(transform.inputs),
        "derived": len(described.derived),
        "encoded": len(transform.features),
        "warnings": warnings,
    }


def _divide(contract: Contract, table: Rows) -> tuple[Assignment, NDArray[Any], NDArray[Any] | None]:
    """The part of each row, its label, and its time."""
    time = contract.time if contract.events is None else SNAPSHOT_COLUMN
    label = contract.label_column or LABEL_COLUMN
    # A few numbers a row are kept, and no texts.
    hashes = np.empty(table.count, dtype=np.uint64)
    labels = np.empty(table.count, dtype=get(contract.task).label.dtype)
    times: NDArray[Any] | None = None
    missing: Counter[str] = Counter()
    start = 0
    for batch in table.batches([contract.key, label, *([time] if time else [])]):
        here = slice(start, start := start + batch.num_rows)
        missing.update({name: batch.column(name).null_count for name in (time, label) if name})
        if missing.total():
            continue
        hashes[here] = hash_keys(batch.column(contract.key), contract.split.seed)
        labels[here] = labels_of(contract, batch.column(label))
        if time is not None:
            moments = batch.column(time).to_numpy(zero_copy_only=False)
            times = np.empty(table.count, dtype=moments.dtype) if times is None else times
            times[here] = moments
    for name, count in missing.items():
        if count:
            raise DataError(f"{count} rows have no '{name}'")
    if not np.isfinite(labels).all():
        raise DataError(f"{int((~np.isfinite(labels)).sum())} rows have a label that is not finite")
    return assign(contract, hashes, labels, times), labels, times


def _training_part(table: Rows, assignment: Assignment) -> Tables:
    training = assignment.places == PARTS.index("train")

    def batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in table.batches(columns):
            yield batch.filter(pa.array(training[start : start + batch.num_rows]))
            start += batch.num_rows

    return batches


def _write_parts(contract: Contract, table: Rows, assignment: Assignment, transform: Transform, features: Path) -> None:
    with contextlib.ExitStack() as stack:
        sinks: list[TableSink] | None = None
        start = 0
        for batch in table.batches(None):
            whole = _with_features(contract, batch, transform)
            if sinks is None:
                sinks = [stack.enter_context(TableSink(features / f"{part}.parquet", whole.schema)) for part in PARTS]
            places = assignment.places[start : start + batch.num_rows]
            for index, sink in enumerate(sinks):
                sink.write(whole.filter(pa.array(places == index)))
            start += batch.num_rows
            progress("rows written", start, table.count)


def _with_features(contract: Contract, batch: pa.RecordBatch, transform: Transform) -> pa.RecordBatch:
    """The batch with derived features and ``_label`` in the place of the label column."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    derived = transform.derive(columns)
    if contract.label_column is not None:
        columns[LABEL_COLUMN] = pa.array(labels_of(contract, columns.pop(contract.label_column)))
    label = columns.pop(LABEL_COLUMN)
    return pa.RecordBatch.from_pydict({**columns, **derived, LABEL_COLUMN: label})


def _split_record(
    contract: Contract, assignment: Assignment, labels: NDArray[Any], times: NDArray[Any] | None
) -> dict[str, Any]:
    """What ``split.json`` says."""
    rows = assignment.rows
    record: dict[str, Any] = {
        "strategy": assignment.strategy,
        "seed": contract.split.seed,
        "shares": {"train": contract.split.train, "validation": contract.split.validation, "test": contract.split.test},
        "rows": rows,
        **get(contract.task).label.describe_parts(
            {part: labels[assignment.places == index] for index, part in enumerate(PARTS)}
        ),
        "keys_in_several_parts": assignment.keys_in_several_parts,
    }
    if times is not None:
        of_part = {part: times[assignment.places == index] for index, part in enumerate(PARTS)}
        record["times"] = {part: [str(inside.min()), str(inside.max())] for part, inside in of_part.items()}
    if contract.events is not None:
        record["horizon_days"] = horizon_days(contract)
        record["cuts"] = {part: sorted({str(cut) for cut in inside}) for part, inside in of_part.items()}
    return record


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
