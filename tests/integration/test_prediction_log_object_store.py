"""The prediction log in an object store, played by moto: written by the server, read by monitoring."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from profiled import with_profile
from served_log import log_answers

from components.monitor import logic
from serving.observation import metrics
from serving.observation.metrics import instruments
from serving.observation.prediction_log import Sink, Writer
from serving.observation.prediction_log.rows import Entry, RowMaker
from tenure import bundle as bundles
from tenure import prediction_log
from tenure.errors import DataError, SourceError


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty object store's host and port; its keys are in the environment."""
    for name, value in (("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "a"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


def counted(family_name: str) -> dict[str, float]:
    family = next(family for family in instruments.collect() if family.name == family_name)
    return {sample.labels["outcome"]: sample.value for sample in family.samples}


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_object_storage_that_comes_back(endpoint: str, small_bundle: Any) -> None:
    metrics.share(1)
    metrics.take(0)
    model: Any = SimpleNamespace(name="telco", bundle=bundles.read(small_bundle.folder))
    rows = small_bundle.rows.slice(0, 3)
    columns = {name: rows[name].to_pylist() for name in model.bundle.contract.inputs}
    entry = Entry(model, "before", 1.7e9, columns, rows["customerID"].to_pylist(), model.bundle.predict(columns), False)
    location = f"s3://coming-back/predictions?scheme=http&endpoint_override={endpoint}"
    maker = RowMaker("telco", model.bundle.contract, None)
    maker.add(entry, 0, 3)
    batch: pa.RecordBatch = maker.batch()
    with pytest.raises(SourceError, match="cannot write to s3://coming-back/predictions"):
        Sink(location).write([batch])
    writer = Writer(Sink(location), None, file_s=0.0)
    writer.start()
    try:
        writer.offer(entry)
        until(lambda: counted("tenure_prediction_log_writes").get("failed", 0) >= 1)
        boto3.client("s3", endpoint_url=f"http://{endpoint}").create_bucket(Bucket="coming-back")
        until(lambda: counted("tenure_prediction_log_rows").get("written") == 3)
    finally:
        writer.close(5)
    assert [row.request_id for row in prediction_log.newest(location, 10)] == ["before"] * 3
    since = datetime(2023, 1, 1, tzinfo=UTC)
    for version, found in ((model.bundle.version, 2), ("another", 0)):
        assert prediction_log.answered(location, version, 2, since).num_rows == found


def test_monitoring_reads_it(endpoint: str, small_bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the steps reach it: the address without an endpoint, the endpoint and the keys in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{endpoint}")
    boto3.client("s3").create_bucket(Bucket="tenure-data")
    watched = with_profile(small_bundle, tmp_path / "bundle")
    log = log_answers(watched, small_bundle.rows, location="s3://tenure-data/prediction-log")
    found = logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log=log)
    assert (found["verdict"], found["rows"]) == ("fine", small_bundle.rows.num_rows)
    with pytest.raises(DataError, match=r"no .* (under|at) s3://tenure-data/elsewhere"):
        logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log="s3://tenure-data/elsewhere")
    with pytest.raises((SourceError, DataError), match="s3://no-such-bucket/log"):
        logic.run(bundle=watched, current=None, monitoring=tmp_path / "out", log="s3://no-such-bucket/log")
