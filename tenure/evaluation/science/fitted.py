"""Rows that the shipped model was fitted to, to compare its figures on them with those on the test part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.contract import Contract
from tenure.evaluation.scoring import TestPart
from tenure.features.labels import read_labels
from tenure.stats.clusters import customers_of

MAX_ROWS = 5_000

PARTS = ("train", "validation")


def fitted_rows(features: Path, contract: Contract) -> TestPart | None:
    """At most ``MAX_ROWS`` rows of training and validation part, each as likely as any other.

    Args:
        features: folder of ``feature``; read: ``train.parquet``, ``validation.parquet``.

    Returns:
        None if a part's file is not there.

    Raises:
        DataError: a label is invalid.
    """
    files = [features / f"{part}.parquet" for part in PARTS]
    if not all(file.is_file() for file in files):
        return None
    counts = [pq.read_metadata(file).num_rows for file in files]
    total = sum(counts)
    if total == 0:
        return None
    chosen = np.arange(total)
    if total > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(contract.training.seed).choice(total, MAX_ROWS, replace=False))
    table = pa.concat_tables(
        [
            _rows(file, chosen[(chosen >= start) & (chosen < start + count)] - start)
            for file, start, count in zip(files, (0, counts[0]), counts, strict=True)
        ],
        promote_options="permissive",
    )
    labels = read_labels(table, contract, "the rows of training and validation part")
    return TestPart(table, labels, customers_of(table.column(contract.key_column)))


def _rows(file: Path, places: np.ndarray) -> pa.Table:
    """Rows of a file by their places, ascending; one batch of it at a time is held."""
    kept, start = [], 0
    with pq.ParquetFile(file) as source:
        for batch in source.iter_batches():
            inside = places[(places >= start) & (places < start + batch.num_rows)] - start
            kept.append(batch.take(pa.array(inside)))
            start += batch.num_rows
        return pa.Table.from_batches(kept, source.schema_arrow)
