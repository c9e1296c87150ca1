"""For every family, contributions add up to the margin, from the fitted model and from a bundle's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tenure import bundle
from tenure.explanation import Explainer, FlatTrees
from tenure.tasks.churn.choose import choose_decision
from tenure.training.export import ExportedModel, export, export_ensemble, score
from tenure.training.families import CLASSIFIERS, ROUNDS, Rows, get

TOLERANCE = 1e-4
ROWS, EXPLAINED = 500, 12


class Customers(NamedTuple):
    rows: Rows
    sources: list[str]
    columns: dict[str, list]
    """The first ``EXPLAINED`` rows, raw."""


@pytest.fixture(scope="module")
def customers(small_bundle: Any) -> Customers:
    loaded = bundle.read(small_bundle.folder)
    table = small_bundle.rows.slice(0, ROWS)
    matrix = loaded.transform.encode({name: table[name] for name in loaded.transform.inputs}).matrix
    label = np.array([value == "Yes" for value in table["Churn"].to_pylist()], dtype=np.int8)
    columns = {name: table[name].to_pylist()[:EXPLAINED] for name in loaded.transform.inputs}
    return Customers(Rows(matrix, label), [feature.source for feature in loaded.transform.features], columns)


def fitted(name: str, rows: Rows) -> ExportedModel:
    family = get(name)
    more = {ROUNDS: 30} if family.stops_early else {}
    model = family.fit(rows, {**family.default, **more}, seed=5, threads=1)
    return export(model.terms(), model.predict, rows.matrix)


@pytest.fixture(scope="module")
def members(customers: Customers) -> dict[str, ExportedModel]:
    return {name: fitted(name, customers.rows) for name in CLASSIFIERS}


@pytest.fixture(params=[*CLASSIFIERS, "ensemble"])
def model(request: Any, members: dict[str, ExportedModel], customers: Customers) -> ExportedModel:
    """Every family, and an ensemble with one member of every kind; two of them explain probabilities."""
    if request.param != "ensemble":
        return members[request.param]
    kinds = ("logistic_regression", "naive_bayes", "xgboost", "random_forest", "mlp", "k_nearest_neighbours")
    weights = np.array([0.3, 0.1, 0.4, 0.5, 0.2, 0.2])
    return export_ensemble([members[name] for name in kinds], weights, -0.1, customers.rows.matrix)


def test_they_add_up_offline(model: ExportedModel, customers: Customers) -> None:
    matrix = customers.rows.matrix[:EXPLAINED]
    explainer = Explainer(model.terms, customers.sources)
    margin, _ = score(model, matrix)
    sums = explainer.contributions(matrix).sum(axis=1)
    assert np.abs(sums + explainer.expected - margin).max() < TOLERANCE


def test_they_add_up_in_a_bundle_and_are_those_offline(
    model: ExportedModel, customers: Customers, small_bundle: Any, tmp_path: Path
) -> None:
    base = bundle.read(small_bundle.folder)
    margin, probability = score(model, customers.rows.matrix)
    decision = choose_decision(
        base.contract,
        margin,
        probability,
        customers.rows.label,
        link=model.terms.link,
        base_rate=float(customers.rows.label.mean()),
        customers=ROWS,
    )
    bundle.write(
        tmp_path / "bundle",
        contract=base.contract,
        transform=base.transform,
        model=model,
        decision=decision,
        profile={},
        family="any",
        data_hash="0" * 64,
        created_at="2026-01-01T00:00:00Z",
    )
    served = bundle.read(tmp_path / "bundle")
    prediction = served.predict(customers.columns, explain=1_000)
    sums = np.array([sum(reason.contribution for reason in row) for row in prediction.reasons])
    assert np.abs(sums + served.explainer.expected - prediction.margin).max() < TOLERANCE
    assert prediction.reasons == Explainer(model.terms, customers.sources).reasons(
        customers.rows.matrix[:EXPLAINED], top=1_000
    )


def test_a_short_contract_raises_risk_and_a_long_one_lowers_it(model: ExportedModel, customers: Customers) -> None:
    """Contributions also have the signs and the order that the data imply."""
    matrix = customers.rows.matrix[:EXPLAINED]
    explainer = Explainer(model.terms, customers.sources)
    by_column = explainer.contributions(matrix)[:, explainer.columns.index("Contract")]
    monthly = np.array([value == "Month-to-month" for value in customers.columns["Contract"]])
    contract = [place for place, source in enumerate(customers.sources) if source == "Contract"]
    if isinstance(model.terms, FlatTrees) and not np.isin(model.terms.feature, contract).any():
        # A single tree need not ask for the contract: then it says so.
        assert (by_column == 0.0).all()
        return
    assert by_column[monthly].mean() > 0 > by_column[~monthly].mean()
