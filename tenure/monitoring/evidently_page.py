"""Samples of the reference and the current customers, column by column: evidently's report."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pyarrow as pa

from tenure.atomic import replacing
from tenure.contract import Column, Contract


def write_report(reference: pa.Table, current: pa.Table, contract: Contract, path: Path) -> None:
    """Write evidently's drift report as one HTML file, whole or not at all. Importing evidently takes seconds.

    Args:
        reference, current: samples of the model's inputs.
        contract: of the model; says which inputs are numbers.
        path: of the file.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        both = set(reference.column_names) & set(current.column_names)
        shown = {
            name: column
            for name, column in contract.inputs.items()
            # Evidently fails on a column without a value.
            if name in both and not column.is_temporal and _has_values(reference, name) and _has_values(current, name)
        }
        definition = DataDefinition(
            numerical_columns=[name for name, column in shown.items() if column.is_numeric],
            categorical_columns=[name for name, column in shown.items() if not column.is_numeric],
        )
        before, now = (Dataset.from_pandas(_frame(table, shown), definition) for table in (reference, current))
        snapshot = Report([DataDriftPreset()]).run(now, before)
        with replacing(path) as temporary:
            snapshot.save_html(str(temporary))


def _has_values(table: pa.Table, name: str) -> bool:
    return bool(table.column(name).null_count < table.num_rows)


def _frame(table: pa.Table, columns: dict[str, Column]):  # type: ignore[no-untyped-def]
    frame = table.select(list(columns)).to_pandas()
    for name, column in columns.items():
        frame[name] = frame[name].astype("float64") if column.is_numeric else frame[name].astype("object")
    return frame
