"""Everything that the feature step computes before it writes: rows, split, transform and leakage check.

``build_features`` goes on from here by writing; ``check_table`` ends here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from tenure.checks import labels_of
from tenure.contract import Contract
from tenure.contract.schema import LABEL_COLUMN
from tenure.features.division import Division, divide
from tenure.features.leakage import Findings, find_leakage
from tenure.features.panel import Panel, panel
from tenure.features.panel_checks import check_panel, check_usage
from tenure.features.parts import check_parts
from tenure.features.rows import Rows, of_file, of_table
from tenure.features.split import PARTS
from tenure.features.tables import Tables as TablesAsOf
from tenure.features.today import with_today
from tenure.progress import progress
from tenure.stats.folds import require_rows
from tenure.tasks import get
from tenure.transform import LabelColumn, Tables, Transform, fit


@dataclass(frozen=True, eq=False)
class Prepared:
    """Rows, divided, with the transform of the training part."""

    rows: Rows
    """The good rows, or those of the panel. With the day of each row where a feature depends on it."""
    panel: Panel | None
    """Where features are computed from tables."""
    division: Division
    training: Tables
    """Reads the training part."""
    transform: Transform
    """Fitted on the training part alone, with features of every input and derived feature."""
    findings: Findings
    """Of the split and of the leakage check."""


def prepare(contract: Contract, valid: Path) -> Prepared:
    """Divide the good rows, fit the transform on the training part and check it for leakage.

    Args:
        contract: features, split and limits.
        valid: folder of ``validate``; read: the good rows.

    Raises:
        DataError: as ``panel``; a label is missing, or a part of the split lacks a class or has too few rows to train
            or to choose with. Leakage raises no error here: see ``Findings.raise_if_stopped``.
        StorageError: a file cannot be read.
    """
    made = None
    if contract.assembly is None:
        rows = of_file(valid / "data.parquet")
    else:
        progress("computing features at the cuts")
        made = panel(contract, TablesAsOf.of_folder(contract, valid))
        rows = of_table(made.table)
    rows = with_today(contract, rows)
    division = divide(contract, rows)
    _require_rows(contract, division)
    training = _training_part(rows, division)
    progress("fitting the transform")
    transform = fit(
        contract, training, LabelColumn(contract.label_column or LABEL_COLUMN, partial(labels_of, contract))
    )
    progress("checking for leakage")
    findings = find_leakage(contract, training, transform)
    checks = [*check_panel(contract, made), check_parts(contract, division), *check_usage(made), *findings.checks]
    return Prepared(rows, made, division, training, transform, dataclasses.replace(findings, checks=checks))


def _require_rows(contract: Contract, division: Division) -> None:
    """Check that the search can divide the training part into folds, and that the validation part is large enough."""
    label, folds = get(contract.task).label, contract.training.folds
    strata = label.fold_strata(division.labels_of("train"), folds)
    by_customer = contract.split_strategy == "stratified"
    require_rows(strata, folds, label.min_classes, division.customers_of("train") if by_customer else None)
    label.check_validation_part(contract, division.labels_of("validation"), division.customers_of("validation"))


def _training_part(rows: Rows, division: Division) -> Tables:
    training = division.assignment.places == PARTS.index("train")

    def batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in rows.batches(columns):
            yield batch.filter(pa.array(training[start : start + batch.num_rows]))
            start += batch.num_rows

    return batches
