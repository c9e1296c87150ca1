"""The catalogue of features, with lineage from columns to features."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from pipelines.cli import app
from tenure.contract import load, parse
from tenure.features.catalogue import catalogue

DATASETS = Path(__file__).resolve().parents[3] / "datasets"

TEXT = """
version: 2
name: shop
zone: UTC
tables:
  people:
    kind: entity
    columns:
      id: {type: string, role: key}
      town: {type: category, description: Where they live}
      age: {type: number, role: sensitive}
  orders:
    kind: events
    columns:
      person: {type: string, role: key}
      at: {type: timestamp, role: time}
      known: {type: timestamp, role: known_at}
      amount: {type: number, unit: EUR}
      kind: {type: category}
windows:
  spend_{n}: {aggregate: sum, column: amount, where: kind == 'a', for_each: [7, 30], unit: EUR, reason: 'Of {n} days'}
  seen: {aggregate: count, feature: false}
derived:
  faster: {expression: 'spend_7 / max(spend_30, 1)', reason: Speeds up}
  twice: {expression: faster * 2, reason: No reason}
label: {kind: no_event, horizon: 30 days}
cuts: [2026-01-01]
"""


def test_lineage_goes_through_derived_features_to_columns_of_tables() -> None:
    found = {feature["name"]: feature for feature in catalogue(parse(TEXT))}
    assert list(found) == ["town", "spend_7", "spend_30", "faster", "twice"]
    of_orders = ["orders.person", "orders.at", "orders.known", "orders.amount", "orders.kind"]
    assert found["spend_7"]["lineage"] == of_orders
    assert found["twice"]["lineage"] == of_orders
    assert found["twice"]["from"] == ["faster"]
    assert found["town"]["lineage"] == ["people.town"]
    assert found["town"]["description"] == "Where they live"
    assert found["spend_7"]["definition"] == "sum of amount where kind == 'a' over the 7 days before the cut"
    assert (found["spend_7"]["unit"], found["spend_7"]["reason"]) == ("EUR", "Of 7 days")


def test_every_feature_of_the_datasets_has_lineage() -> None:
    for file in DATASETS.glob("*/contract.yaml"):
        contract = load(file)
        found = catalogue(contract)
        assert [feature["name"] for feature in found] == [*contract.inputs, *contract.derived]
        assert all(feature["lineage"] for feature in found)


def test_it_is_printed_for_people_for_pages_and_for_scripts(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(TEXT, encoding="utf-8")
    text = CliRunner().invoke(app, ["features", str(tmp_path)])
    assert text.exit_code == 0
    assert "orders.amount" in text.stdout
    page = CliRunner().invoke(app, ["features", str(tmp_path), "--markdown"]).stdout.splitlines()
    assert len(page) == 2 + 5
    assert len({line.count(" | ") for line in page if not line.startswith("|-")}) == 1
    document = json.loads(CliRunner().invoke(app, ["features", str(tmp_path), "--json"]).stdout)
    assert document["features"] == json.loads(json.dumps(catalogue(parse(TEXT))))
