"""Labels of several values, and of none, from a table to a bundle and its report."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pandas as pd
from documents import assert_valid

import tenure

CONTRACT = """
name: status
label: {positive: [Churned, churned], ignore: [Joined]}
quality: {min_rows: 100}
slices: [plan]
acceptance: {bootstrap_samples: 50}
columns:
  id: {type: string, role: key}
  months: {type: integer}
  plan: {type: category, values: [basic, plus]}
  Customer Status: {type: category, role: label, values: [Churned, churned, Stayed, Joined, Paused]}
"""
ROWS = 900


def table() -> pd.DataFrame:
    """Customers of whom the young leave; every tenth has just joined, and every 30th has no status."""
    rand = random.Random(3)
    months = [rand.randint(0, 60) for _ in range(ROWS)]
    status: list[str | None] = []
    for place, age in enumerate(months):
        left = rand.random() < 0.8 - 0.013 * age
        status.append(rand.choice(["Churned", "churned"] if left else ["Stayed", "Paused"]))
        if place % 10 == 3:
            status[-1] = "Joined"
        if place % 30 == 7:
            status[-1] = None
    plan = [rand.choice(["basic", "plus"]) for _ in range(ROWS)]
    columns = {"id": [f"c{place}" for place in range(ROWS)], "months": months, "plan": plan}
    return pd.DataFrame(columns | {"Customer Status": status})


def test_three_kinds_of_status(tmp_path: Path) -> None:
    data = tenure.load(CONTRACT, table=table())
    validation = tenure.check(data)
    assert (validation.verdict, validation.rows.set_aside, validation.rows.good) == ("pass", 120, 780)
    model = tenure.train(data, families=["logistic_regression"], trials=1)
    evaluation = tenure.evaluate(model)
    record: dict[str, Any] = dict(evaluation.record)
    assert_valid("evaluation", record)
    rows = record["rows"]
    assert rows["set_aside"] == 120
    assert rows["read"] == ROWS == 120 + rows["train"] + rows["validation"] + rows["test"]
    left = table()["Customer Status"].isin(["Churned", "churned"]).sum()
    assert sum(record["split"]["positives"].values()) == left
    # The young leave, and not the old: the label is not the opposite of what it says.
    assert next(one.value for one in evaluation.metrics if one.name == "roc_auc") > 0.6
    young, old = model.predict({"id": ["a", "b"], "months": [1, 59], "plan": ["basic", "basic"]}).to_pandas()[
        "probability"
    ]
    assert young > 0.5 > old
    assert "120</b>set aside for their label" in evaluation.report(tmp_path / "report.html").read_text()
    again = tenure.read(model.save(tmp_path / "bundle"))
    assert again.contract.label.positives == ("Churned", "churned")
    assert again.contract.label.ignore == ("Joined",)
