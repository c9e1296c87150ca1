"""pipelines/local/customers.py: three customers to ask a new model about."""

import json
from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.local.customers import Answer, Customer, choose_customers, read_answers
from tenure.bundle import read


@pytest.fixture
def bundle(small_bundle):
    return read(small_bundle.folder)


def part(rows, path):
    pq.write_table(rows, path)
    return path


def test_the_riskiest_the_nearest_to_the_threshold_and_the_most_loyal(small_bundle, bundle, tmp_path):
    rows = small_bundle.rows.slice(0, 300)
    chosen = choose_customers(bundle, part(rows, tmp_path / "test.parquet"), "customerID")
    assert [customer.role for customer in chosen] == ["likely to leave", "on the edge", "loyal"]
    probability = bundle.predict({name: rows[name] for name in bundle.contract.inputs}).probability
    by_key = dict(zip(rows["customerID"].to_pylist(), probability, strict=True))
    risky, edge, loyal = (by_key[customer.key] for customer in chosen)
    assert (risky, loyal) == (max(probability), min(probability))
    assert abs(edge - bundle.decision.threshold) == min(abs(probability - bundle.decision.threshold))
    assert set(chosen[0].columns) == set(bundle.contract.inputs)


def test_people_read_the_contract_s_words_for_true_and_false(small_bundle, bundle, tmp_path):
    rows = small_bundle.rows.slice(0, 50)
    for name, true in (("Partner", "Yes"), ("SeniorCitizen", "1")):
        booleans = pa.array([value == true for value in rows[name].to_pylist()])
        rows = rows.set_column(rows.column_names.index(name), name, booleans)
    chosen = choose_customers(bundle, part(rows, tmp_path / "test.parquet"), "customerID")
    for customer in chosen:
        assert customer.names["Partner"] == ("Yes" if customer.columns["Partner"] else "No")
        assert customer.names["SeniorCitizen"] == ("1" if customer.columns["SeniorCitizen"] else "0")


def test_one_customer_alone_is_asked_about_once(small_bundle, bundle, tmp_path):
    chosen = choose_customers(bundle, part(small_bundle.rows.slice(0, 1), tmp_path / "test.parquet"), "customerID")
    assert len(chosen) == 1


def test_a_key_may_be_a_number(small_bundle, bundle, tmp_path):
    rows = small_bundle.rows.slice(0, 20)
    keys = pa.array(range(100, 120))
    rows = rows.set_column(rows.column_names.index("customerID"), "customerID", keys)
    chosen = choose_customers(bundle, part(rows, tmp_path / "test.parquet"), "customerID")
    assert all(customer.key in map(str, range(100, 120)) for customer in chosen)


def test_answers_are_read_back_as_written(tmp_path):
    answer = Answer(Customer("loyal", "1", {"a": None}), 0.1, {"probability": 0.1}, False, "low", "abc", [("a", -0.5)])
    (tmp_path / "answers.json").write_text(json.dumps({"url": "http://x", "answers": [asdict(answer)]}))
    assert read_answers(tmp_path / "answers.json") == ("http://x", [answer])
    assert read_answers(tmp_path / "missing.json") == (None, [])
