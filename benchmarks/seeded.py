"""The seeded table of the training benchmarks: 30 features of customers, of whom about a fifth churns.

Twenty normal numbers and ten indicators. The log-odds are a sum of linear, absolute, stepped, crossed and sine effects
of sixteen of them; the other fourteen have none. Their sum is multiplied by three, which brings F1 to about 0.7, the
region of published figures for tables of this size; nothing else was chosen by looking at a score. The
label is drawn from the probability, so no model can be perfect.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

FEATURES, FLAGS, SEED = 30, 10, 7
NAMES = tuple(f"number_{index}" for index in range(FEATURES - FLAGS)) + tuple(f"flag_{index}" for index in range(FLAGS))

_CONTRACT = """
name: seeded
source:
  uri: {uri}
label:
  positive: "1"
columns:
  customer:
    type: string
    role: key
{columns}  churned:
    type: boolean
    values: ["0", "1"]
    role: label
"""


def table(rows: int) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Features, shape (rows, 30), and labels, shape (rows,)."""
    x, margin, random = _drawn(rows)
    label = (random.random(rows) < 1 / (1 + np.exp(-3.0 * margin))).astype(np.int8)
    return x, label


def table_of_values(rows: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The same features, and the margin with as much noise again: half of its variance can be predicted."""
    x, margin, random = _drawn(rows)
    return x, 100.0 + 10.0 * (margin + random.normal(0.0, margin.std(), rows))


def _drawn(rows: int) -> tuple[NDArray[np.float32], NDArray[np.float64], np.random.Generator]:
    """Features, margin before its multiplication, and the generator that the label is drawn by."""
    random = np.random.default_rng(SEED)
    numbers = random.normal(size=(rows, FEATURES - FLAGS)).astype(np.float32)
    flags = (random.random((rows, FLAGS)) < random.uniform(0.1, 0.6, FLAGS)).astype(np.float32)
    x = np.column_stack([numbers, flags])
    margin = -2.0 + 0.6 * x[:, :5].sum(axis=1) + 0.8 * np.abs(x[:, 5]) + 0.7 * (x[:, 6] > 1) * x[:, 20]
    margin += 0.5 * x[:, 7] * x[:, 8] + 0.6 * np.sin(2 * x[:, 9]) + x[:, 21:25] @ np.array([0.8, -0.6, 0.5, -0.4])
    return np.ascontiguousarray(x, dtype=np.float32), margin, random


def write_dataset(folder: Path, rows: int) -> None:
    """The table as ``customers.csv``, and its ``contract.yaml``."""
    matrix, label = table(rows)
    columns = {"customer": pa.array([f"{number:08d}" for number in range(rows)])}
    columns |= {name: pa.array(np.round(matrix[:, index].astype(np.float64), 4)) for index, name in enumerate(NAMES)}
    columns |= {name: columns[name].cast(pa.int8()) for name in NAMES if name.startswith("flag")}
    columns["churned"] = pa.array(label)
    pa.csv.write_csv(pa.table(columns), folder / "customers.csv")
    described = "".join(f"  {name}:\n    type: {_kind(name)}\n" for name in NAMES)
    (folder / "contract.yaml").write_text(_CONTRACT.format(uri=folder / "customers.csv", columns=described))


def _kind(name: str) -> str:
    return 'boolean\n    values: ["0", "1"]' if name.startswith("flag") else "number"
