"""A small regression: what customers will spend. A contract, a seeded table that meets it, and a bundle of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

CONTRACT = """\
name: spending
task: regression
label: {unit: USD}
columns:
  customer: {type: string, role: key}
  months: {type: integer, unit: months, range: [0, 120]}
  orders: {type: integer, range: [0, null]}
  basket: {type: number, unit: USD, nullable: true, range: [0, null]}
  plan: {type: category, values: [basic, plus, premium]}
  region: {type: category, role: sensitive, values: [north, south]}
  future_spend: {type: number, role: label, range: [0, null]}
derived:
  past_spend:
    expression: orders * basket
    reason: who spent much will spend much
business: {contacts_per_day: 100}
decision:
  recommendations: {low: Nothing, medium: Newsletter, high: Personal offer}
quality: {min_rows: 100}
"""


def table(rows: int = 800, seed: int = 0) -> pa.Table:
    """The contract's columns as text, as a CSV would hold them.

    Spending grows with the orders times the basket and with the plan; a third of its variance is noise.
    """
    rng = np.random.default_rng(seed)
    months, orders = rng.integers(0, 121, rows), rng.poisson(4.0, rows)
    basket = np.round(rng.gamma(4.0, 8.0, rows), 2)
    plan = rng.integers(0, 3, rows)
    expected = 0.6 * orders * basket + np.array([0.0, 25.0, 60.0])[plan] + 0.1 * months
    spend = np.round(np.maximum(0.0, expected + rng.normal(0.0, 30.0, rows)), 2)
    unknown = rng.random(rows) < 0.03
    return pa.table(
        {
            "customer": [f"c{seed}-{row}" for row in range(rows)],
            "months": months.astype(str),
            "orders": orders.astype(str),
            "basket": ["" if missing else f"{value}" for value, missing in zip(basket, unknown, strict=True)],
            "plan": np.array(["basic", "plus", "premium"])[plan],
            "region": np.array(["north", "south"])[rng.integers(0, 2, rows)],
            "future_spend": [f"{value}" for value in spend],
        }
    )


def values(rows: pa.Table) -> np.ndarray:
    """The label of rows of ``table``, float64 (rows,)."""
    return np.array(rows["future_spend"].to_pylist(), dtype=np.float64)


def write_bundle(folder: Path, family: str = "linear_regression") -> pa.Table:
    """Fit a family on 600 rows, choose its decision on 200 others, write the bundle; returns all 800 rows."""
    from tenure import bundle
    from tenure.contract import parse
    from tenure.tasks.value.choose import choose_decision
    from tenure.training.export import export, margins
    from tenure.training.families import ROUNDS, Rows, get
    from tenure.transform import fit, of_table

    contract, rows = parse(CONTRACT), table()
    train, validation = rows.slice(0, 600), rows.slice(600)
    transform = fit(contract, of_table(train))
    matrix, held = (
        transform.encode({name: part[name] for name in transform.inputs}).matrix for part in (train, validation)
    )
    chosen, label = get(family), values(train)
    more = {ROUNDS: 40} if chosen.stops_early else {}
    model = chosen.fit(Rows(matrix, label), {**chosen.default, **more}, seed=1, threads=1)
    exported = export(model.terms(), model.predict, held, spread=float(label.std()))
    decision = choose_decision(
        contract, margins(exported, held), values(validation), training_label=label, customers=len(rows)
    )
    bundle.write(
        folder,
        contract=contract,
        transform=transform,
        model=exported,
        decision=decision,
        profile={},
        family=family,
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )
    return rows
