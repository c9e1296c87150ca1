"""A table of this machine on its way to a cluster, by an object store that moto plays."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

import hashlib
import json
from pathlib import Path

import boto3
import pytest
import s3fs
from kubeflow_double import compilers, kubeflow, task
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cluster.upload import plan_upload
from pipelines.graphs.request import read_request
from tenure.errors import DataError, InputError, SourceError

IMAGE = "registry.example.com/tenure-pipeline:4f2c1a9"
CONTRACT = """
name: crm
source: {uri: customers.csv}
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  months: {type: integer}
  left: {type: category, role: label}
"""
STORE = "s3://data/datasets"


@pytest.fixture(scope="module")
def server():
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(autouse=True)
def no_file_system_of_before():
    """fsspec keeps file systems by their arguments, and the endpoint comes from the environment."""
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(server, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "a-long-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    store = boto3.resource("s3", endpoint_url=server)
    found = store.Bucket("data")
    found.create()
    yield found
    found.objects.all().delete()
    found.delete()


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    (tmp_path / "customers.csv").write_text("id,months,left\na,3,no\nb,9,yes\n")
    return tmp_path


def carry_out(dataset, store=STORE):
    told = []
    request, upload = plan_upload(read_request(dataset), store)
    upload.run(told.append)
    return request, told


def test_a_file_is_copied_once_under_its_content_s_name(bucket, dataset):
    request, told = carry_out(dataset)
    (copied,) = bucket.objects.all()
    assert copied.get()["Body"].read() == (dataset / "customers.csv").read_bytes()
    assert request.contract.source.uri == f"s3://data/{copied.key}"
    assert request.contract.source.uri in request.text
    folder, name, digits, file = copied.key.split("/")
    assert (folder, name, len(digits), file) == ("datasets", "crm", 20, "customers.csv")
    assert told == [f"copying customers.csv (0.0 MB) to s3://data/{copied.key}"]
    before = copied.last_modified, copied.e_tag

    again, told = carry_out(dataset)
    assert again.text == request.text
    assert told == [f"s3://data/{copied.key} exists already"]
    (kept,) = bucket.objects.all()
    assert (kept.last_modified, kept.e_tag) == before, "a new time stamp would have every step run again"

    (dataset / "customers.csv").write_text("id,months,left\na,4,no\n")
    other, _ = carry_out(dataset)
    assert other.text != request.text
    assert len(list(bucket.objects.all())) == 2


def test_half_a_copy_is_made_whole(bucket, dataset):
    request, _ = carry_out(dataset)
    key = request.contract.source.uri.removeprefix("s3://data/")
    bucket.put_object(Key=key, Body=b"id,mon")
    carry_out(dataset)
    assert bucket.Object(key).get()["Body"].read() == (dataset / "customers.csv").read_bytes()


def test_a_large_file_goes_by_parts_and_tells_how_far(bucket, dataset, monkeypatch):
    monkeypatch.setattr("pipelines.cluster.upload.PROGRESS_INTERVAL_S", 0.0)
    content = b"id,months,left\n" + b"a,3,no\n" * 16_000_000
    (dataset / "customers.csv").write_bytes(content)
    request, told = carry_out(dataset)
    key = request.contract.source.uri.removeprefix("s3://data/")
    assert bucket.Object(key).content_length == len(content)
    assert hashlib.sha256(bucket.Object(key).get()["Body"].read()).digest() == hashlib.sha256(content).digest()
    assert told[0].startswith("copying customers.csv (112.0 MB)")
    assert any("of 112 MB" in line for line in told[1:])
    assert "100 %" in told[-1]


def test_a_folder_of_parquet_keeps_its_shape(bucket, dataset):
    (dataset / "contract.yaml").write_text(CONTRACT.replace("customers.csv", "customers"))
    for name in ("part=1/a.parquet", "part=2/b.parquet"):
        file = dataset / "customers" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(name.encode())
    request, _ = carry_out(dataset)
    uri = request.contract.source.uri
    assert uri.endswith("/customers")
    assert request.contract.source.format == "parquet", "the address of a folder in a store does not show it"
    assert {f"s3://data/{each.key}" for each in bucket.objects.all()} == {
        f"{uri}/part=1/a.parquet",
        f"{uri}/part=2/b.parquet",
    }


def test_what_lies_elsewhere_is_left_there(dataset):
    assert plan_upload(read_request(dataset, "s3://bucket/customers.csv"), STORE) is None
    assert plan_upload(read_request(dataset, "sqlite:///customers.db?query=1"), STORE) is None


@pytest.mark.parametrize("store", ["data", "s3://", "file:///var/data", "s3:///"])
def test_a_store_that_is_none(dataset, store):
    with pytest.raises(InputError, match="is not a folder of an object store"):
        plan_upload(read_request(dataset), store)


def test_a_table_that_is_not_there(dataset):
    (dataset / "customers.csv").unlink()
    with pytest.raises(DataError, match=r"no such file: .*customers\.csv"):
        plan_upload(read_request(dataset), STORE)


def test_a_table_that_changes_meanwhile_is_not_taken_for_the_one_it_was(bucket, dataset):
    _, upload = plan_upload(read_request(dataset), STORE)
    (dataset / "customers.csv").write_text("id,months,left\na,3,no\nb,9,no \n")
    with pytest.raises(DataError, match="changed while it was copied"):
        upload.run(lambda line: None)


def fails_to_copy(dataset, pattern, store=STORE):
    with pytest.raises(SourceError, match=pattern) as caught:
        carry_out(dataset, store)
    assert "\n" not in str(caught.value)
    assert "a-long-secret" not in str(caught.value)


def test_a_bucket_that_is_not_there(bucket, dataset):
    fails_to_copy(dataset, r"cannot write s3://nowhere/datasets/crm/.*bucket", "s3://nowhere/datasets")


def test_a_store_that_is_down(bucket, dataset, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (dataset / "contract.yaml").write_text(CONTRACT.replace("customers.csv}", "customers.csv, timeout_s: 1}"))
    fails_to_copy(dataset, "cannot write s3://data/datasets/crm/")


def test_submit_copies_and_runs_on_the_copy(bucket, dataset, kubeflow):
    kubeflow.history = [("SUCCEEDED", [task("register", "SUCCEEDED")])]
    arguments = ["submit", str(dataset), "--endpoint", kubeflow.url, "--image", IMAGE, "--data-store", STORE]
    result = CliRunner().invoke(app, arguments, prog_name="tenure")
    assert result.exit_code == 0, result.stderr
    assert "copying customers.csv" in result.stderr
    (run,), (copied,) = kubeflow.runs, bucket.objects.all()
    assert f"s3://data/{copied.key}" in run["runtime_config"]["parameters"]["contract"]
    assert "a-long-secret" not in json.dumps(run)


def test_nothing_is_copied_for_a_cluster_that_is_not_there(bucket, dataset):
    arguments = ["submit", str(dataset), "--endpoint", "http://127.0.0.1:9", "--image", IMAGE, "--data-store", STORE]
    result = CliRunner().invoke(app, arguments, prog_name="tenure")
    assert result.exit_code == 3
    assert list(bucket.objects.all()) == []


def test_the_store_may_be_in_the_environment(bucket, dataset, kubeflow, monkeypatch):
    monkeypatch.setenv("TENURE_DATA_STORE", STORE)
    arguments = ["submit", str(dataset), "--endpoint", kubeflow.url, "--image", IMAGE, "--no-wait"]
    assert CliRunner().invoke(app, arguments, prog_name="tenure").exit_code == 0
    assert len(list(bucket.objects.all())) == 1


def test_nothing_of_this_machine_reaches_the_cluster(bucket, dataset):
    request, _ = carry_out(dataset)
    assert str(Path(dataset)) not in request.text
