"""What a run on a cluster looks up before it begins."""

import re
from pathlib import Path

import pytest
import requests
from botocore.session import get_session
from mlflow import MlflowClient
from moto.server import ThreadedMotoServer

from components.observe.logic import fingerprint, run
from tenure.contract import dump, load, parse
from tenure.errors import ContractError, DataError
from tenure.tracking import log_run, resolve
from tenure.training.search.storage import open_storage

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


def contract(uri):
    telco = load(DATASETS / "telco")
    return telco.model_copy(update={"source": telco.source.model_copy(update={"uri": uri, "format": None})})


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    # All of moto's servers in a process have the same buckets.
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)
    server.stop()


@pytest.fixture
def put(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    client = get_session().create_client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="crm")
    return lambda name, content: client.put_object(Bucket="crm", Key=name, Body=content)


def test_an_object_stores_data_has_a_fingerprint_that_changes_with_it(put):
    put("customers.csv", b"1,2")
    first = fingerprint(contract("s3://crm/customers.csv"))
    assert fingerprint(contract("s3://crm/customers.csv")) == first
    assert len(first) == 64
    put("customers.csv", b"1,3")
    assert fingerprint(contract("s3://crm/customers.csv")) != first


def test_a_folder_of_files_changes_with_any_of_them(put):
    put("table/a.parquet", b"a")
    first = fingerprint(contract("s3://crm/table"))
    put("table/b.parquet", b"b")
    assert fingerprint(contract("s3://crm/table")) != first


def test_a_change_in_any_of_several_tables_changes_the_fingerprint(put):
    text = """
version: 2
name: shop
zone: UTC
tables:
  orders:
    kind: events
    source: {uri: s3://crm/orders.csv}
    columns: {id: {type: string, role: key}, at: {type: timestamp, role: time}}
  visits:
    kind: events
    source: {uri: s3://crm/visits.csv}
    columns: {id: {type: string, role: key}, at: {type: timestamp, role: time}}
windows: {n: {table: orders, aggregate: count, reason: r}}
label: {kind: no_event, table: orders, horizon: 30 days}
cuts: {every: 1 days, count: 6}
"""
    put("orders.csv", b"1")
    with pytest.raises(DataError, match=r"visits.*no such file: s3://crm/visits\.csv"):
        fingerprint(parse(text))
    put("visits.csv", b"1")
    first = fingerprint(parse(text))
    assert fingerprint(parse(text)) == first
    put("visits.csv", b"2")
    assert fingerprint(parse(text)) != first


def test_data_that_is_not_there(put):
    with pytest.raises(DataError, match=r"no such file: s3://crm/none\.csv"):
        fingerprint(contract("s3://crm/none.csv"))


def test_without_a_champion_and_a_limit_of_age_both_are_empty(tracked_home):
    seen = run(contract=dump(contract("postgresql://db/crm")))
    assert seen["champion"] == ""
    assert seen["as_of"] == ""
    assert re.fullmatch("read-again-[0-9a-f]{32}", seen["fingerprint"])


def test_the_champion_is_named_by_version_and_bundle(crowned):
    champion = crowned.champion()
    assert champion.bundle_version
    assert run(contract=dump(contract("postgresql://db/crm")))["champion"] == f"1/{champion.bundle_version}"


def test_the_day_is_told_only_where_rows_can_grow_too_old(tracked_home):
    gym = load(DATASETS / "gym")
    assert gym.time is not None
    for days, told in ((None, ""), (30, r"\d{4}-\d\d-\d\d")):
        quality = gym.quality.model_copy(update={"freshness_days": days})
        source = gym.source.model_copy(update={"uri": "postgresql://db/crm"})
        text = dump(gym.model_copy(update={"source": source, "quality": quality}))
        assert re.fullmatch(told, run(contract=text)["as_of"])


def test_a_database_is_read_again_each_time():
    assert fingerprint(contract("postgresql://db/crm")) != fingerprint(contract("postgresql://db/crm"))


def test_studies_are_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TENURE_STUDIES", f"sqlite:///{tmp_path / 'studies.db'}")
    open_storage("${TENURE_STUDIES}")
    assert (tmp_path / "studies.db").exists()
    monkeypatch.delenv("TENURE_STUDIES")
    with pytest.raises(ContractError, match="TENURE_STUDIES, which is not set"):
        open_storage("${TENURE_STUDIES}")


def test_the_platforms_mlflow_goes_before_the_fallback(monkeypatch, tmp_path):
    monkeypatch.setenv("TENURE_TRACKING_URI", "http://fallback:5000")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert resolve(home=tmp_path).uri == "http://fallback:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://platform:5000")
    assert resolve(home=tmp_path).uri == "http://platform:5000"


def test_a_run_that_the_platform_opened_is_written_to_and_left_open(tracked_home, monkeypatch):
    location = resolve()
    client = MlflowClient(location.uri)
    experiment = client.create_experiment("of the platform", (location.artifact_root / "platform").as_uri())
    opened = client.create_run(experiment).info.run_id
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    evaluation = {
        "name": "telco",
        "metrics": {"roc_auc": {"value": 0.85, "low": 0.83, "high": 0.87}},
        "families": [],
        "chosen": {"family": "xgboost", "threshold": 0.3},
        "rows": {},
        "business": {"period": "campaign", "defaults": ["offer_cost"]},
        "versions": {"data_hash": "d", "contract_hash": "c", "bundle_version": "b"},
        "verdict": {"state": "bless", "summary": "It passes."},
    }
    own = log_run(location, evaluation, run_id="r1", files=[])
    assert client.get_run(own).info.experiment_id == experiment
    assert client.get_run(own).info.status == "FINISHED"
    monkeypatch.setenv("MLFLOW_RUN_ID", opened)
    assert log_run(location, evaluation, run_id="r2", files=[]) == opened
    found = client.get_run(opened)
    assert found.info.status == "RUNNING"
    assert found.data.metrics["roc_auc"] == 0.85
