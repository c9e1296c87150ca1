"""Monotone features, imputation and reduction from the contract to the shipped model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

import tenure
from tenure.api.model import Model
from tenure.contract.family_names import ENSEMBLE
from tenure.transform import rows_held

CONTRACT = """
name: shop
{head}
features: {{impute: iterative, drop_correlated: 0.99}}
columns:
  id: {{type: integer, role: key}}
  complaints: {{type: number, range: [0, 60], monotone: +1}}
  income: {{type: number, nullable: true, max_missing_share: 1.0, impute: knn}}
  visits: {{type: number, nullable: true, max_missing_share: 1.0}}
  cents: {{type: number}}
  country: {{type: category}}
  plan: {{type: category}}
  y: {{type: {label}, role: label}}
derived:
  often: {{expression: complaints > 20, reason: Angry, monotone: +1}}
quality: {{min_rows: 100}}
"""
REGRESSION = "task: regression\ntraining: {families: [linear_regression, xgboost_regression]}"
ROWS = 700


def write(folder: Path, *, regression: bool) -> Path:
    random = np.random.default_rng(3)
    complaints = np.round(random.uniform(0, 50, ROWS), 1)
    visits, income = random.normal(10, 3, ROWS), random.normal(50, 9, ROWS)
    # The contrary of the contract's direction among the angriest: a free model would fall there.
    margin = 0.09 * complaints - 0.25 * np.maximum(complaints - 30, 0) - 0.1 * visits
    y = (random.random(ROWS) < 1 / (1 + np.exp(-margin))).astype(int).astype(str).tolist()
    if regression:
        y = (40 + 5 * margin + random.normal(0, 1, ROWS)).round(3).astype(str).tolist()
    income[random.random(ROWS) < 0.2] = visits[random.random(ROWS) < 0.15] = np.nan
    numbers = random.normal(0, 1, ROWS).round(2)
    columns: dict[str, Any] = {
        "id": np.arange(ROWS),
        "complaints": complaints,
        "income": pa.array(income, from_pandas=True),
        "visits": pa.array(visits, from_pandas=True),
        "cents": complaints * 100 + numbers,
        "country": ["DE"] * ROWS,
        "plan": random.choice(["a", "b"], ROWS),
        "y": y,
    }
    head = REGRESSION if regression else 'label: {positive: "1"}'
    folder.mkdir(exist_ok=True)
    text = CONTRACT.format(head=head, label="number" if regression else "boolean")
    (folder / "contract.yaml").write_text(text.replace("name: shop", "name: shop\nsource: {uri: shop.csv}"))
    pa_csv.write_csv(pa.table(columns), folder / "shop.csv")
    return folder


def one_by_one(model: Model, rows: int = 60) -> dict[str, list[Any]]:
    random = np.random.default_rng(5)
    return {
        "complaints": random.uniform(0, 50, rows).tolist(),
        "income": [None if place % 3 == 0 else float(place) for place in range(rows)],
        "visits": [None if place % 4 == 0 else 10.0 for place in range(rows)],
        "cents": [0.0] * rows,
        "country": ["DE"] * rows,
        "plan": ["a"] * rows,
    }


@pytest.mark.parametrize("family", ["logistic_regression", "hist_gradient_boosting", "random_forest", "xgboost"])
def test_the_probability_never_falls_as_a_monotone_column_rises(family: str, tmp_path: Path) -> None:
    check(tenure.train(write(tmp_path / "shop", regression=False), families=[family], trials=1), "probability")


def test_the_ensemble_keeps_the_direction(tmp_path: Path) -> None:
    families = ["logistic_regression", "xgboost", ENSEMBLE]
    model = tenure.train(write(tmp_path / "shop", regression=False), families=families, trials=1)
    check(model, "probability")


@pytest.mark.parametrize("family", ["linear_regression", "xgboost_regression"])
def test_the_value_never_falls_either(family: str, tmp_path: Path) -> None:
    check(tenure.train(write(tmp_path / "shop", regression=True), families=[family], trials=1), "value")


def check(model: Model, output: str) -> None:
    bundle = model.bundle
    assert {feature.source for feature in bundle.transform.features} == {
        "complaints",
        "income",
        "visits",
        "plan",
        "often",
    }
    assert rows_held(bundle.transform.state.imputers) > 100
    rows = one_by_one(model)
    before = np.asarray(model.predict(rows).table.column(output))
    for step in (0.5, 5.0, 40.0):
        raised = rows | {"complaints": [min(60.0, value + step) for value in rows["complaints"]]}
        assert (np.asarray(model.predict(raised).table.column(output)) >= before).all()
    assert model.predict(rows, explain=3).details.reasons is not None
    alone = model.predict({name: values[:1] for name, values in rows.items()})
    assert np.asarray(alone.table.column(output))[0] == before[0]
    # A column that the model does not read makes no difference.
    other = rows | {"country": ["FR"] * len(before), "cents": [1e5] * len(before)}
    assert (np.asarray(model.predict(other).table.column(output)) == before).all()
