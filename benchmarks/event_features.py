"""One engine's features of a file of events, in this process: rows, processor seconds, peak memory, sums as JSON.

python -m benchmarks.event_features ENGINE FILE
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.contract import parse
from tenure.contract.durations import DAY_US
from tenure.features.engines.duckdb import DuckDB
from tenure.features.engines.memory import Memory
from tenure.features.instants import instant_of
from tenure.features.rows import of_file
from tenure.features.tables import Tables

EVENTS_A_CUSTOMER = 50
DAYS = 540
FIRST_DAY = date(2024, 12, 20)
CUTS = [
    FIRST_DAY + timedelta(days=DAYS - 30 * back) for back in range(int(os.environ.get("TENURE_BENCH_CUTS", "6")), 0, -1)
]
CHUNK = 5_000_000
SQL_MEMORY = "2500MB"

CONTRACT = f"""
version: 2
name: bench
zone: UTC
tables:
  events:
    kind: events
    columns:
      customer: {{type: integer, role: key}}
      at: {{type: timestamp, role: time}}
      known: {{type: timestamp, role: known_at}}
      amount: {{type: number}}
      item: {{type: category}}
windows:
  rows_{{n}}: {{aggregate: count, for_each: [7, 30, 90], reason: r}}
  large_{{n}}: {{aggregate: count, where: amount > 50, for_each: [7, 30, 90], reason: r}}
  sum_{{n}}: {{aggregate: sum, column: amount, for_each: [7, 30, 90], reason: r}}
  mean_{{n}}: {{aggregate: mean, column: amount, for_each: [7, 30, 90], reason: r}}
  min_{{n}}: {{aggregate: min, column: amount, for_each: [7, 30, 90], reason: r}}
  max_{{n}}: {{aggregate: max, column: amount, for_each: [7, 30, 90], reason: r}}
  items_{{n}}: {{aggregate: distinct, column: item, for_each: [7, 30, 90], reason: r}}
  std_{{n}}: {{aggregate: std, column: amount, for_each: [30, 90], reason: r}}
  last_amount: {{aggregate: last, column: amount, reason: r}}
  recency: {{aggregate: recency, reason: r}}
  age: {{aggregate: age, reason: r}}
  trend: {{aggregate: trend, days: 30, reason: r}}
  trend_amount: {{aggregate: trend, column: amount, days: 30, reason: r}}
  slope: {{aggregate: slope, column: amount, days: 90, reason: r}}
label: {{kind: no_event, horizon: 30 days}}
cuts: [{", ".join(map(str, CUTS))}]
"""


def write_events(file: Path, events: int) -> None:
    """Seeded events over 18 months, 50 a customer; one in a hundred becomes known up to five days late."""
    random = np.random.default_rng(1)
    writer: pq.ParquetWriter | None = None
    start = instant_of(FIRST_DAY, "UTC")
    items = np.array([f"item {number}" for number in range(50)])
    for first in range(0, events, CHUNK):
        count = min(CHUNK, events - first)
        at = start + random.integers(0, DAYS * DAY_US, count)
        late = np.where(random.random(count) < 0.01, random.integers(0, 5 * DAY_US, count), 0)
        table = pa.table(
            {
                "customer": random.integers(0, events // EVENTS_A_CUSTOMER, count),
                "at": pa.array(at, pa.timestamp("us")),
                "known": pa.array(at + late, pa.timestamp("us")),
                "amount": random.gamma(2.0, 25.0, count).round(2),
                "item": items[random.integers(0, len(items), count)],
            }
        )
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table, row_group_size=1_000_000)
    if writer is not None:
        writer.close()


def _of_engine(engine: Memory | DuckDB, file: Path) -> Iterator[pa.RecordBatch]:
    tables = Tables({"events": of_file(file)}, {"events": file})
    return engine.panel(parse(CONTRACT), tables, [instant_of(cut, "UTC") for cut in CUTS])


def _of_sql(file: Path) -> Iterator[pa.RecordBatch]:
    """The same features as one would write them in SQL, a query a cut."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": SQL_MEMORY, "preserve_insertion_order": "false"})
    for cut in CUTS:
        aggregates: list[str] = []
        for days in (7, 30, 90):
            within = f"\"at\" >= timestamp '{cut - timedelta(days=days)}'"
            aggregates += [
                f"count(*) FILTER (WHERE {within}) AS rows_{days}",
                f"count(*) FILTER (WHERE {within} AND amount > 50) AS large_{days}",
                f"coalesce(sum(amount) FILTER (WHERE {within}), 0) AS sum_{days}",
                f"avg(amount) FILTER (WHERE {within}) AS mean_{days}",
                f"min(amount) FILTER (WHERE {within}) AS min_{days}",
                f"max(amount) FILTER (WHERE {within}) AS max_{days}",
                f"count(DISTINCT item) FILTER (WHERE {within}) AS items_{days}",
            ]
        for days in (30, 90):
            aggregates.append(
                f"stddev_samp(amount) FILTER (WHERE \"at\" >= timestamp '{cut - timedelta(days=days)}') AS std_{days}"
            )
        now, before = (f"\"at\" >= timestamp '{cut - timedelta(days=days)}'" for days in (30, 60))
        then = f"{before} AND NOT {now}"
        aggregates += [
            'arg_max(amount, "at") AS last_amount',
            f"(epoch_us(timestamp '{cut}') - epoch_us(max(\"at\"))) / {DAY_US} AS recency",
            f"(epoch_us(timestamp '{cut}') - epoch_us(min(\"at\"))) / {DAY_US} AS age",
            f"(count(*) FILTER (WHERE {now}) - count(*) FILTER (WHERE {then}))::DOUBLE"
            f" / count(*) FILTER (WHERE {before}) AS trend",
            f"(coalesce(sum(amount) FILTER (WHERE {now}), 0) - coalesce(sum(amount) FILTER (WHERE {then}), 0))"
            f" / sum(amount) FILTER (WHERE {before}) AS trend_amount",
            f'regr_slope(amount, epoch_us("at") / {DAY_US} - {(cut - date(1970, 1, 1)).days})'
            f" FILTER (WHERE \"at\" >= timestamp '{cut - timedelta(days=90)}') AS slope",
        ]
        query = (
            f"SELECT customer, {', '.join(aggregates)} FROM read_parquet('{file}') "  # noqa: S608 a benchmark's own file
            f"WHERE \"at\" < timestamp '{cut}' AND known <= timestamp '{cut}' GROUP BY customer"
        )
        yield from connection.sql(query).to_arrow_reader(100_000)


ENGINES = {
    "sql": _of_sql,
    "memory": lambda file: _of_engine(Memory(), file),
    "duckdb": lambda file: _of_engine(DuckDB(), file),
    "duckdb, 512 MB": lambda file: _of_engine(DuckDB(512), file),
}
"""DuckDB's SQL first, which the others are compared with."""


def _peak_mib() -> float:
    """Of this program; ``ru_maxrss`` would begin with the peak of the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    # PyArrow imports pandas where it is installed, as the steps have done by then: that belongs to the base.
    import_module("pandas")
    engine, file = sys.argv[1:]
    base, before = _peak_mib(), os.times()
    rows, sums = 0, dict[str, Any]()
    for batch in ENGINES[engine](Path(file)):
        rows += batch.num_rows
        for name in batch.schema.names:
            if name not in ("customer", "cut"):
                values = batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
                sums[name] = sums.get(name, 0.0) + float(np.nansum(values))
    after = os.times()
    cpu_s = after.user + after.system - before.user - before.system
    print(json.dumps({"rows": rows, "cpu_s": cpu_s, "peak_mib": _peak_mib() - base, "sums": sums}))


if __name__ == "__main__":
    main()
