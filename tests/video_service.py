"""Subscribers of a video service in four tables, and a contract whose features are computed from them.

The tables hold late rows, corrections, times at which clocks change, and customers who sign up between the cuts.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from tenure.contract import Contract, parse
from tenure.features import at
from tenure.features.instants import parse_instant
from tenure.features.tables import Tables

ZONE = ZoneInfo("Europe/Berlin")
CUTS = ("2026-01-31", "2026-03-30", "2026-06-30")
"""The clocks of the zone change on 29 March 2026."""
FIRST_DAY = datetime(2025, 10, 1, tzinfo=UTC)
DAYS = 350

CONTRACT = """\
version: 2
name: video
description: Subscribers of a video service; who cancels within 30 days
zone: Europe/Berlin
tables:
  subscribers:
    kind: entity
    source: {uri: subscribers.csv}
    columns:
      subscriber_id: {type: string, role: key}
      signed_up_at: {type: timestamp, role: time}
      country: {type: category, values: [DE, AT, CH]}
      gender: {type: category, role: sensitive, nullable: true, max_missing_share: 0.5}
  plans:
    kind: history
    source: {uri: plans.csv}
    columns:
      subscriber: {type: string, role: key}
      valid_from: {type: timestamp, role: time}
      plan: {type: category}
      price: {type: number, unit: EUR}
  sessions:
    kind: events
    source: {uri: sessions.csv}
    columns:
      subscriber: {type: string, role: key}
      started_at: {type: timestamp, role: time}
      recorded_at: {type: timestamp, role: known_at}
      session_id: {type: string, role: row_id}
      minutes: {type: number, unit: min, format: {decimal: ","}}
      device: {type: category}
      note: {type: string, role: ignored, nullable: true}
  payments:
    kind: events
    source: {uri: payments.csv}
    columns:
      subscriber: {type: string, role: key}
      paid_on: {type: date, role: time, format: "%d.%m.%Y"}
      amount: {type: number}
      failed: {type: boolean, values: ["no", "yes"]}
  cancellations:
    kind: events
    source: {uri: cancellations.csv}
    columns:
      subscriber: {type: string, role: key}
      cancelled_at: {type: timestamp, role: time}
windows:
  minutes_{n}:
    table: sessions
    aggregate: sum
    column: minutes
    for_each: [7, 30]
    reason: What somebody watches is what keeps them
  sessions_24_hours: {table: sessions, aggregate: count, last: 24 hours, reason: Somebody is watching now}
  long_sessions: {table: sessions, where: minutes > 60, aggregate: count, days: 30, reason: Films}
  days_since_session: {table: sessions, aggregate: recency, reason: Silence}
  failed_payments: {table: payments, where: failed, aggregate: count, days: 60, reason: A card that expired}
  cancelled: {table: cancellations, aggregate: count, feature: false, reason: Who left is no customer}
derived:
  short_of_late: {expression: "minutes_7 / max(minutes_30, 1)", reason: Watching slows down before a cancellation}
  silent_week: {expression: "days_since_session > 7", reason: A week of silence}
eligible: cancelled == 0
label: {kind: event, table: cancellations, horizon: 30 days}
cuts: [2026-01-31, 2026-03-30, 2026-06-30]
split: {train: 0.5, validation: 0.25, test: 0.25}
quality: {min_rows: 100, freshness_days: null}
acceptance: {min_roc_auc: 0.5}
"""

Row = dict[str, Any]


def tables(customers: int = 400, seed: int = 3) -> dict[str, list[Row]]:
    """The rows by table, as a client of the service writes them: times of the clock in the zone, without an offset."""
    random = np.random.default_rng(seed)
    found: dict[str, list[Row]] = {
        name: [] for name in ("subscribers", "plans", "sessions", "payments", "cancellations")
    }
    for number in range(customers):
        key = f"s{number:04}"
        joined = FIRST_DAY + timedelta(days=float(random.uniform(0, 200)))
        loyal = random.random()
        leaves = joined + timedelta(days=float(random.exponential(80 + 500 * loyal)))
        found["subscribers"].append(
            {
                "subscriber_id": key,
                "signed_up_at": _clock(joined),
                "country": str(random.choice(["DE", "AT", "CH"])),
                "gender": str(random.choice(["f", "m", ""])),
            }
        )
        for month in range(int(random.integers(1, 4))):
            start = joined + timedelta(days=60 * month)
            plan = str(random.choice(["basic", "family"]))
            price = 8.0 if plan == "basic" else 15.5
            found["plans"].append({"subscriber": key, "valid_from": _clock(start), "plan": plan, "price": price})
        _watch(found["sessions"], key, joined, leaves, loyal, random)
        day = joined
        while day < min(leaves, FIRST_DAY + timedelta(days=DAYS)):
            paid = {"paid_on": f"{day.astimezone(ZONE):%d.%m.%Y}", "amount": 8.0}
            failed = "yes" if random.random() < 0.3 * (1 - loyal) else "no"
            found["payments"].append({"subscriber": key, **paid, "failed": failed})
            day += timedelta(days=30)
        if leaves < FIRST_DAY + timedelta(days=DAYS):
            found["cancellations"].append({"subscriber": key, "cancelled_at": _clock(leaves)})
    return found


def _watch(
    sessions: list[Row], key: str, joined: datetime, leaves: datetime, loyal: float, random: np.random.Generator
) -> None:
    end = min(leaves, FIRST_DAY + timedelta(days=DAYS))
    moment = joined
    while True:
        near = 3.0 if leaves - moment < timedelta(days=30) else 1.0
        moment += timedelta(hours=float(random.exponential(40 * near / (0.3 + loyal))))
        if moment >= end:
            return
        known = moment + timedelta(minutes=float(random.choice([0, 0, 0, 3000])))
        row = {
            "subscriber": key,
            "started_at": _clock(moment),
            "recorded_at": _clock(known),
            "session_id": f"{key}-{len(sessions)}",
            "minutes": f"{random.gamma(2.0, 20.0):.2f}".replace(".", ","),
            "device": str(random.choice(["tv", "mobile"])),
            "note": "",
        }
        sessions.append(row)
        if random.random() < 0.03:
            later = known + timedelta(days=float(random.uniform(1, 60)))
            sessions.append({**row, "recorded_at": _clock(later), "minutes": "1,50"})


def _clock(moment: datetime) -> str:
    """The time of the clock in the zone; with its offset while that is not certain."""
    local = moment.astimezone(ZONE)
    plain = local.replace(tzinfo=None)
    certain = plain.replace(tzinfo=ZONE).utcoffset() == plain.replace(tzinfo=ZONE, fold=1).utcoffset()
    return (plain if certain else local).isoformat(timespec="microseconds")


def write_dataset(folder: Path, rows: dict[str, list[Row]] | None = None, contract: str = CONTRACT) -> Path:
    """Write the contract and a CSV a table; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "contract.yaml").write_text(contract)
    for name, of_table in (tables() if rows is None else rows).items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(of_table[0]))
            writer.writeheader()
            writer.writerows(of_table)
    return folder


def parsed(contract: Contract, rows: dict[str, list[Row]]) -> Tables:
    """The tables as ingest parses them."""
    from tenure.parsing import parse_batch

    made = contract.assembly
    assert made is not None
    found = {}
    for name, of_table in rows.items():
        columns = {
            column: described for column, described in made.tables[name].columns.items() if column in of_table[0]
        }
        raw = pa.RecordBatch.from_pydict({column: [str(row[column]) for row in of_table] for column in columns})
        batch, faults = parse_batch(raw, columns, made.zone_of(name))
        assert not faults.bad.any(), faults.counts
        found[name] = pa.Table.from_batches([batch])
    return Tables.of_arrow(contract, found)


def instance(rows: dict[str, list[Row]], key: str) -> Row:
    """A customer with the rows of tables, as a V1 request holds one."""
    (customer,) = [row for row in rows["subscribers"] if row["subscriber_id"] == key]
    found = {name: value for name, value in customer.items() if name != "signed_up_at"}
    for name in ("plans", "sessions", "payments"):
        found[name] = [
            {column: value for column, value in row.items() if column != "subscriber"}
            for row in rows[name]
            if row["subscriber"] == key
        ]
    return found


def tensors(rows: dict[str, list[Row]], keys: list[str]) -> dict[str, list[Any]]:
    """Customers and the rows of their tables, as a V2 request holds them."""
    customers = [row for key in keys for row in rows["subscribers"] if row["subscriber_id"] == key]
    found = {name: [row[name] for row in customers] for name in ("subscriber_id", "country")}
    for name in ("plans", "sessions", "payments"):
        theirs = [row for row in rows[name] if row["subscriber"] in keys]
        found |= {f"{name}.{column}": [row[column] for row in theirs] for column in rows[name][0]}
    return found


class Video(NamedTuple):
    """A model whose inputs are computed from tables, and the tables."""

    folder: Path
    """Of the bundle."""
    contract: Contract
    rows: dict[str, list[Row]]
    tables: Tables

    def at(self, as_of: str, customers: list[str] | None = None) -> pa.Table:
        """The features offline."""
        return at(self.contract, self.tables, parse_instant(as_of, self.contract.zone or ""), customers)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """A logistic regression on the customers at the cuts. Do not change it."""
    from tenure import bundle
    from tenure.tasks.churn.choose import choose_decision
    from tenure.training.export import export, margins
    from tenure.training.families import Rows, get
    from tenure.transform import fit, of_table

    contract, rows = parse(CONTRACT), tables()
    made = Video(tmp_path_factory.mktemp("video") / "bundle", contract, rows, parsed(contract, rows))
    panel = pa.concat_tables(made.at(cut) for cut in CUTS)
    transform = fit(contract, of_table(panel))
    matrix = transform.encode({name: panel[name] for name in transform.inputs}).matrix
    silence = panel["days_since_session"].to_numpy()
    label = (np.nan_to_num(silence, nan=99.0) > np.nanmedian(silence) + 2).astype(np.int8)
    family = get("logistic_regression")
    model = family.fit(Rows(matrix, label), family.default, seed=1, threads=1)
    exported = export(model.terms(), model.predict, matrix)
    decision = choose_decision(
        contract,
        margins(exported, matrix),
        model.predict(matrix),
        label,
        link="logit",
        base_rate=float(label.mean()),
        customers=len(label),
    )
    bundle.write(
        made.folder,
        contract=contract,
        transform=transform,
        model=exported,
        decision=decision,
        profile={},
        family="logistic_regression",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )
    return made
