"""Build features: window aggregates, derived features, the split, and the transform fitted on the training part."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.atomic import write_text
from tenure.checks import labels_of
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN
from tenure.features.definitions import definitions
from tenure.features.division import split_record
from tenure.features.prepare import prepare
from tenure.features.reduction import FILE_NAME, Reduction, reduce
from tenure.features.rows import Rows
from tenure.features.split import PARTS, Assignment
from tenure.progress import progress
from tenure.sources import TableSink
from tenure.transform import Transform, fit_imputers


@dataclass(frozen=True)
class Features:
    """What ``build_features`` made."""

    transform: Transform
    """Fitted on the training part alone."""
    reduction: Reduction
    """What the model does not read."""
    split: dict[str, Any]
    """The content of ``split.json``."""
    warnings: list[str]
    """Findings in the split and of the leakage check that do not stop the run."""


def build_features(contract: Contract, valid: Path, features: Path) -> Features:
    """Make the tables that models are trained, chosen and tested on.

    Written to the folder ``features``:

    ``train.parquet``, ``validation.parquet``, ``test.parquet``
        The columns of ``valid`` without the label (of an event log its snapshots), ``_today`` (date32; see
        ``tenure.features.today``), the derived features, and ``_label`` (int8; float64 for regression). Of a label with
        ``times`` also ``_part`` (int8; see ``tenure.contract.schema.PART_COLUMN``).
    ``transform.json``
        The transform, fitted on the training part alone, without features of what is left out.
    ``reduction.json``
        Which inputs and derived features are left out, and why (``tenure.features.reduction``).
    ``definitions.json``
        Every feature, for people.
    ``split.json``
        How the rows were divided; of a panel that is computed from tables also the customers at each cut.
    ``leakage.json``
        What was found in the split and, by the leakage check, in the training part (``tenure.checks.leakage``); also
        written when it stops.

    Args:
        contract: features, split and limits.
        valid: folder of ``validate``; read: the good rows.
        features: folder to write to; created where it is missing.

    Raises:
        DataError: as ``prepare``, or a feature reveals the label.
        StorageError: a file cannot be read or written.
    """
    prepared = prepare(contract, valid)
    rows, division = prepared.rows, prepared.division
    write_text(features / "leakage.json", prepared.findings.to_json())
    prepared.findings.raise_if_stopped()
    progress("comparing features")
    reduction = reduce(contract, prepared.training, prepared.transform)
    transform = fit_imputers(contract, prepared.training, prepared.transform.without(reduction.columns))
    progress("writing the parts")
    _write_parts(contract, rows, division.assignment, transform, features)
    write_text(features / "transform.json", transform.to_json())
    write_text(features / FILE_NAME, reduction.to_json())
    write_text(features / "definitions.json", _json(definitions(contract, transform, reduction)))
    split = split_record(contract, division)
    if prepared.panel is not None:
        split["panel"] = [asdict(counts) for counts in prepared.panel.cuts]
    write_text(features / "split.json", _json(split))
    return Features(transform, reduction, split, prepared.findings.warnings)


def _write_parts(contract: Contract, rows: Rows, assignment: Assignment, transform: Transform, features: Path) -> None:
    with contextlib.ExitStack() as stack:
        sinks: list[TableSink] | None = None
        start = 0
        for batch in rows.batches(None):
            whole = _with_features(contract, batch, transform)
            if sinks is None:
                sinks = [stack.enter_context(TableSink(features / f"{part}.parquet", whole.schema)) for part in PARTS]
            places = assignment.places[start : start + batch.num_rows]
            for index, sink in enumerate(sinks):
                sink.write(whole.filter(pa.array(places == index)))
            start += batch.num_rows
            progress("rows written", start, rows.count)


def _with_features(contract: Contract, batch: pa.RecordBatch, transform: Transform) -> pa.RecordBatch:
    """The batch with its derived features, and with ``_label`` in place of the label column."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    derived = transform.derive(columns)
    if contract.label_column is not None:
        columns[LABEL_COLUMN] = pa.array(labels_of(contract, columns.pop(contract.label_column)))
    label = columns.pop(LABEL_COLUMN)
    return pa.RecordBatch.from_pydict({**columns, **derived, LABEL_COLUMN: label})


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
