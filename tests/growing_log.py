"""A log of orders that grows day by day, with cuts counted back from its end."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

CONTRACT = """
version: 2
name: shop
zone: Europe/Berlin
tables:
  orders:
    kind: events
    source: {uri: orders.csv}
    columns:
      customer: {type: string, role: key}
      day: {type: date, role: time}
      amount: {type: number}
windows:
  orders_{n}: {table: orders, aggregate: count, for_each: [3, 7], reason: Often}
  spend: {table: orders, aggregate: sum, column: amount, days: 7, reason: Much}
  active: {table: orders, aggregate: count, days: 10, feature: false}
eligible: active > 0
label: {kind: no_event, table: orders, horizon: 3 days}
cuts: {every: 1 days, count: 12}
split: {train: 0.6, validation: 0.2, test: 0.2}
quality: {freshness_days: null, min_rows: 1, leakage: warn}
training: {folds: 4}
"""
FIRST = date(2026, 3, 10)


def write_log(folder: Path, days: int) -> None:
    """Orders of 150 customers; those of a day are the same however many days follow."""
    lines = ["customer,day,amount"]
    for day in range(days):
        rng = np.random.default_rng(day)
        buyers = np.flatnonzero(rng.random(150) < 0.15 + 0.5 * (np.arange(150) % 3 == 0))
        lines += [f"c{buyer:03},{FIRST + timedelta(days=day)},{rng.integers(1, 90)}" for buyer in buyers]
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")
