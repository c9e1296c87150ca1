"""A table of customers with the day on which each signed up, and a model whose features depend on the day."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import tenure

AS_OF = date(2026, 11, 30)
ROWS = 600

CONTRACT = """\
name: gym
as_of: 2026-11-30
source: {uri: gym.csv}
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  joined: {type: date, format: "%d.%m.%Y"}
  visits: {type: integer}
  left: {type: boolean, role: label, values: ["no", "yes"]}
derived:
  tenure_days: {expression: "days_between(joined, today())", reason: New customers leave more often}
  early: {expression: 'joined < "2024-01-01"', reason: They signed up for the old tariff}
quality: {min_rows: 200}
"""


def table(rows: int = ROWS) -> pa.Table:
    """Customers as text, as they stand in the CSV: those with short tenures and few visits leave."""
    generator = np.random.default_rng(1)
    tenures = generator.integers(1, 2000, rows)
    visits = generator.poisson(8, rows)
    left = generator.random(rows) < 1 / (1 + np.exp(0.003 * (tenures - 500.0) + 0.2 * (visits - 8.0)))
    joined = [AS_OF - timedelta(days=days) for days in tenures.tolist()]
    return pa.table(
        {
            "id": [f"c{row}" for row in range(rows)],
            "joined": [f"{day:%d.%m.%Y}" for day in joined],
            "visits": [str(count) for count in visits],
            "left": ["yes" if leaves else "no" for leaves in left],
        }
    )


def write_dataset(folder: Path, rows: pa.Table) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.yaml").write_text(CONTRACT)
    with (folder / "gym.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return folder


@pytest.fixture(scope="session")
def gym(tmp_path_factory: pytest.TempPathFactory) -> tenure.Model:
    """A logistic regression on the table, trained as a run trains. Do not change it."""
    folder = write_dataset(tmp_path_factory.mktemp("gym"), table())
    return tenure.train(folder, families=["logistic_regression"], trials=1)
