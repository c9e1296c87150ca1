"""Telco-shaped tables of any size: rows of the real table drawn with replacement, each with a key of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

TELCO = Path(__file__).resolve().parent.parent / "datasets" / "telco"
CHUNK_ROWS = 250_000
SEED = 7


def telco_schema() -> pa.Schema:
    """Of the tables that ``telco_chunks`` yields."""
    return _source().schema


def telco_chunks(size: int) -> Iterator[pa.Table]:
    """Tables of ``size`` rows in all."""
    source = _source()
    random = np.random.default_rng(SEED)
    for start in range(0, size, CHUNK_ROWS):
        count = min(CHUNK_ROWS, size - start)
        drawn = source.take(pa.array(random.integers(0, source.num_rows, count)))
        keys = pa.array([f"{number:010d}" for number in range(start, start + count)])
        yield drawn.set_column(0, "customerID", keys)


def _source() -> pa.Table:
    # TotalCharges has blanks: as text, it is what the file holds.
    options = pa.csv.ConvertOptions(column_types={"TotalCharges": pa.string()})
    return pa.csv.read_csv(TELCO / "telco_churn.csv", convert_options=options)
