"""The data sets whose tables are generated: their contracts describe the generator's tables and ask for its labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.feature import logic as feature
from components.ingest import logic as ingest
from components.validate import logic as validate
from tenure.contract import Contract, load
from tenure.contract.assembly import Assembly
from tenure.generators.dataset import SETTINGS_FILE, read_settings
from tenure.generators.finding import find
from tenure.generators.generate import generate

FEW = 700
"""Customers that are generated."""
UNKNOWN_SHARE = 0.005
"""Rows that truth and panel may differ in: an order or a cancellation may be known after the cut, or after the data."""

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
def test_nothing_is_lost_and_the_panel_has_the_labels_of_the_truth(name: str, tmp_path: Path) -> None:
    settings = read_settings(DATASETS / name / SETTINGS_FILE)
    business = find(settings.business)
    folder = tmp_path / name
    data = folder / settings.data
    generate(settings.business, data, customers=FEW, seed=settings.seed)
    folder.mkdir(exist_ok=True)
    # So few customers need not have a row on the last day.
    last = business.days.date_of(business.days.count - 1)
    text = (DATASETS / name / "contract.yaml").read_text(encoding="utf-8").replace("until: last", f"until: {last}")
    ingest.run(text, None, folder / "raw", folder)
    validate.run(text, folder / "raw", folder / "valid")
    feature.run(text, folder / "valid", folder / "features")

    report = json.loads((folder / "valid" / "validation.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "pass"
    for table in report["tables"].values():
        assert table["good"] == table["read"]
    parts = [pq.read_table(folder / "features" / f"{part}.parquet") for part in ("train", "validation", "test")]
    times = assembled(load(DATASETS / name)).label.times
    columns = [business.key, "cut", "_label", *(["_part"] if times else [])]
    panel = pa.concat_tables([part.select(columns) for part in parts])
    truth = pq.read_table(data / "truth.parquet")
    days = {instant: business.days.date_of(day) for day, instant in enumerate(business.days.starts.tolist())}
    cuts = [days[instant] for instant in truth["cut"].cast(pa.int64()).to_pylist()]
    wanted = dict(zip(zip(truth[business.key].to_pylist(), cuts, strict=True), range(truth.num_rows), strict=True))
    rows = list(zip(panel[business.key].to_pylist(), panel["cut"].to_pylist(), strict=True))
    both = [place for place, row in enumerate(rows) if row in wanted]
    assert len(both) > (1 - UNKNOWN_SHARE) * max(len(rows), len(wanted))
    label = panel["_label"].to_numpy()[both]
    column = "label" if load(DATASETS / name).task == "classification" else "value"
    true = truth[column].to_numpy()[[wanted[rows[place]] for place in both]]
    assert (np.abs(label - true) < 0.01).mean() > 1 - UNKNOWN_SHARE
    before = np.zeros(len(both))
    for number, time in enumerate(times, start=1):
        within = truth[f"probability_within_{time.short}"].to_numpy()[[wanted[rows[place]] for place in both]]
        assert (within >= before).all()
        before = within
        part = panel["_part"].to_numpy()[both]
        error = ((part > 0) & (part <= number)).astype(np.float64) - within
        assert abs(error.mean()) < 4 * error.std() / np.sqrt(error.size) + UNKNOWN_SHARE / 2


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
