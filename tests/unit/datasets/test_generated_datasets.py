"""The data sets whose tables are generated: their contracts describe the generator's tables and say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.contract import Contract, load
from tenure.contract.assembly import Assembly
from tenure.generators.dataset import SETTINGS_FILE, read_settings
from tenure.generators.finding import find

DATASETS = Path(__file__).resolve().parents[3] / "datasets"
GENERATED = sorted(path.parent.name for path in DATASETS.glob(f"*/{SETTINGS_FILE}"))


def assembled(contract: Contract) -> Assembly:
    assert contract.assembly is not None
    return contract.assembly


@pytest.mark.parametrize("name", GENERATED)
def test_a_contract_describes_the_tables_of_its_business(name: str) -> None:
    settings = read_settings(DATASETS / name / SETTINGS_FILE)
    business = find(settings.business)
    assembly = assembled(load(DATASETS / name))
    assert assembly.zone == business.days.zone
    assert set(assembly.tables) == set(business.tables)
    for table, declared in business.tables.items():
        described = assembly.tables[table]
        assert described.source.uri == f"{settings.data}/{declared.file}"
        assert described.key_column == declared.key
        assert (described.time, described.known_at, described.row_id) == (
            declared.time,
            declared.known_at,
            declared.row_id,
        )
        assert set(described.columns) == set(declared.columns)


@pytest.mark.parametrize("name", GENERATED)
def test_every_feature_has_a_reason(name: str) -> None:
    contract = load(DATASETS / name)
    assert all(derived.reason for derived in contract.derived.values())
    assert all(window.window.reason for window in assembled(contract).windows.values())


@pytest.mark.parametrize("name", ["retail", "retail-value"])
def test_retail_has_at_least_seventy_features(name: str) -> None:
    contract = load(DATASETS / name)
    assert len(contract.inputs) >= 70
    assert {"recency_band", "frequency_band", "monetary_band", "recency_frequency"} <= set(contract.derived)


def test_both_questions_about_retail_take_the_same_features() -> None:
    churn, sales = load(DATASETS / "retail"), load(DATASETS / "retail-value")
    assert (churn.task, sales.task) == ("classification", "regression")
    assert list(churn.inputs) == list(sales.inputs)
    assert churn.derived == sales.derived
    assert assembled(churn).cuts == assembled(sales).cuts


def test_telco_usage_has_the_columns_of_the_known_table() -> None:
    known, usage = load(DATASETS / "telco"), load(DATASETS / "telco-usage")
    left_out = {"tenure", "TotalCharges", "Churn"}  # they follow from time, bills and cancellations
    described = {name for table in assembled(usage).tables.values() for name in table.columns}
    assert set(known.columns) - left_out <= described
