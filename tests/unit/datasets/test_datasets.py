"""The data sets that come with Tenure: their contracts hold, and models can learn from them."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from components.feature import logic as feature
from components.ingest import logic as ingest
from components.validate import logic as validate
from tenure.contract import Contract, dump, load, parse
from tenure.contract.settings import DEFAULT_BANDS
from tenure.contract.sources import sources_of, table_folder
from tenure.training.families import Rows, get
from tenure.transform import Transform

DATASETS = Path(__file__).resolve().parents[3] / "datasets"
NAMES = sorted(path.parent.name for path in DATASETS.glob("*/contract.yaml"))
GENERATED = [name for name in NAMES if (DATASETS / name / "generator.yaml").exists()]
CLASSIFIED = [name for name in NAMES if name not in GENERATED and load(DATASETS / name).task == "classification"]
VALUED = [name for name in NAMES if name not in GENERATED and name not in CLASSIFIED]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Ingests, validates and makes features of a data set, once a session."""
    done: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            text = (DATASETS / name / "contract.yaml").read_text(encoding="utf-8")
            ingest.run(text, None, folder / "raw", DATASETS / name)
            validate.run(text, folder / "raw", folder / "valid")
            feature.run(text, folder / "valid", folder / "features")
            done[name] = folder
        return done[name]

    return make


def test_there_are_some_of_different_kinds() -> None:
    assert {"telco", "cdnow", "gym"} <= set(CLASSIFIED)
    assert "cdnow-value" in VALUED
    assert {"retail", "retail-value", "telco-usage"} <= set(GENERATED)


@pytest.mark.parametrize("name", NAMES)
def test_contract_holds_and_says_why(name: str) -> None:
    contract = load(DATASETS / name)
    assert contract.name == name
    assert parse(dump(contract)) == contract
    assert all(derived.reason for derived in contract.derived.values())
    assert set(contract.decision.recommendations) == set(contract.decision.bands or DEFAULT_BANDS)


@pytest.mark.parametrize("name", CLASSIFIED)
def test_no_row_is_lost_and_a_linear_model_reaches_the_contracts_limit(name: str, made: Any) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folder, contract = made(name), load(DATASETS / name)
    report = json.loads((folder / "raw" / "ingest.json").read_text(encoding="utf-8"))
    assert report["rows_rejected"] == 0
    for table in sources_of(contract):
        assert pq.read_metadata(table_folder(folder / "valid", table) / "quarantine.parquet").num_rows == 0
    transform = Transform.from_json((folder / "features" / "transform.json").read_text(encoding="utf-8"))
    parts = {part: pq.read_table(folder / "features" / f"{part}.parquet") for part in ("train", "test")}
    matrix = {part: transform.encode({n: table[n] for n in transform.inputs}).matrix for part, table in parts.items()}
    label = {part: table["_label"].to_numpy() for part, table in parts.items()}
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)).fit(
        matrix["train"], label["train"]
    )
    area = roc_auc_score(label["test"], model.predict_proba(matrix["test"])[:, 1])
    assert area >= contract.acceptance.min_roc_auc
    # A column that gives the label away would be found by now.
    assert area < 0.95


def telco() -> Contract:
    return load(DATASETS / "telco")


def test_telco_is_described_as_the_business_has_it() -> None:
    contract = telco()
    assert len(contract.derived) >= 8
    business = contract.business
    assert (business.customer_value, business.offer_cost, business.offer_success_share) == (600, 10, 0.30)
    assert business.contacts_per_day == 1_000
    assert contract.columns["gender"].role == "sensitive"
    assert "gender" not in contract.inputs
    assert "SeniorCitizen" in contract.inputs
    assert "SeniorCitizen" in contract.slices
    assert contract.quality.freshness_days is None


def test_telco_blanks_are_the_customers_of_the_first_month(made: Any) -> None:
    table = pq.read_table(made("telco") / "valid" / "data.parquet", columns=["tenure", "TotalCharges"])
    blank = table.column("TotalCharges").is_null().to_numpy()
    assert blank.sum() == 11
    assert (table.column("tenure").to_numpy()[blank] == 0).all()


def test_telco_features_of_one_customer(made: Any) -> None:
    text = (made("telco") / "features" / "transform.json").read_text(encoding="utf-8")
    transform = Transform.from_json(text)
    customer: dict[str, list[Any]] = {
        "SeniorCitizen": [0], "Partner": ["Yes"], "Dependents": [False], "tenure": [8], "PhoneService": ["Yes"],
        "MultipleLines": ["Yes"], "InternetService": ["Fiber optic"], "OnlineSecurity": ["No"], "OnlineBackup": ["No"],
        "DeviceProtection": ["Yes"], "TechSupport": ["No"], "StreamingTV": ["Yes"], "StreamingMovies": ["Yes"],
        "Contract": ["Month-to-month"], "PaperlessBilling": ["Yes"], "PaymentMethod": ["Electronic check"],
        "MonthlyCharges": [99.65], "TotalCharges": ["820.5"],
    }  # fmt: skip
    derived = {name: values[0].as_py() for name, values in transform.derive(customer).items()}
    assert derived["spend_per_month"] == 820.5 / 8
    assert derived["services"] == 6.0
    assert derived["price_per_service"] == 99.65 / 6
    assert derived["new_customer"] is False
    assert derived["loyalty_band"] == "6\N{EN DASH}24"
    assert derived["contract_months"] == 1.0
    assert derived["contract_tenure"] == 8.0
    assert derived["automatic_payment"] is False
    assert derived["fiber_without_support"] is True
    blank = transform.encode(customer | {"TotalCharges": [" "], "tenure": [0]})
    assert blank.imputed["TotalCharges"].tolist() == [True]
    assert np.isfinite(blank.matrix).all()


def test_gym_is_written_by_its_generator(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("gym_generate", DATASETS / "gym" / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    generator = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generator)
    generator.main(tmp_path / "members.csv")
    written = (tmp_path / "members.csv").read_bytes()
    assert written == (DATASETS / "gym" / "members.csv").read_bytes()
    assert len(written) <= 300_000


def test_what_cdnow_customers_will_spend_is_the_sum_of_their_orders_after_the_cut(made: Any) -> None:
    folder = made("cdnow-value") / "features"
    table = pq.read_table(folder / "test.parquet")
    assert {str(cut) for cut in table["cut"].to_pylist()} == {"1998-04-01"}
    with (DATASETS / "cdnow" / "cdnow_orders.csv").open(encoding="utf-8") as file:
        orders = list(csv.DictReader(file))
    spent: dict[int, float] = {}
    for order in orders:
        if "1998-04-01" <= order["order_date"] < "1998-06-30":
            customer = int(order["customer_id"])
            spent[customer] = spent.get(customer, 0.0) + float(order["amount"])
    keys, label = table["customer_id"].to_pylist(), table["_label"].to_numpy()
    np.testing.assert_allclose(label, [spent.get(key, 0.0) for key in keys], atol=1e-9)
    assert 0.4 < (label == 0.0).mean() < 0.7
    assert label.mean() == pytest.approx(json.loads((folder / "split.json").read_text())["label_means"]["test"])


def test_a_line_through_cdnow_tells_more_than_the_mean_and_the_past(made: Any) -> None:
    """Future spending: a quarter of its variance at least, and more than by taking the last 90 days for the next."""
    folder = made("cdnow-value") / "features"
    transform = Transform.from_json((folder / "transform.json").read_text(encoding="utf-8"))
    parts = {part: pq.read_table(folder / f"{part}.parquet") for part in ("train", "test")}
    matrix = {part: transform.encode({n: table[n] for n in transform.inputs}).matrix for part, table in parts.items()}
    label = {part: table["_label"].to_numpy() for part, table in parts.items()}
    family = get("linear_regression")
    model = family.fit(Rows(matrix["train"], label["train"]), family.default, seed=1, threads=1)
    squared = np.mean((model.predict(matrix["test"]) - label["test"]) ** 2)
    assert squared < 0.75 * np.mean((label["train"].mean() - label["test"]) ** 2)
    assert squared < np.mean((parts["test"]["spend_90_days"].to_numpy() - label["test"]) ** 2)


def test_cdnow_is_complete(made: Any) -> None:
    assert json.loads((made("cdnow") / "raw" / "ingest.json").read_text(encoding="utf-8"))["rows_accepted"] == 69_659
    split = json.loads((made("cdnow") / "features" / "split.json").read_text(encoding="utf-8"))
    assert {part: len(cuts) for part, cuts in split["cuts"].items()} == {"train": 2, "validation": 1, "test": 1}
