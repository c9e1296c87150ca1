"""What each identity may do in the object store: SeaweedFS by identities.json, AWS by the policies of production."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from answering import wait_for_answer
from botocore.config import Config
from botocore.exceptions import ClientError
from manifests import K8S, run

pytestmark = pytest.mark.slow

BUCKETS = ("tenure-models", "tenure-data", "tenure-backups")
OBJECTS = (
    ("tenure-models", "mlflow/1/model"),
    ("tenure-models", "e2e/bundle"),
    ("tenure-data", "datasets/telco.csv"),
    ("tenure-data", "prediction-log/old.parquet"),
    ("tenure-backups", "mlflow.dump"),
)
Credentials = dict[str, tuple[str, str]]
"""Access and secret key by identity."""


class Store(NamedTuple):
    endpoint: str
    credentials: Credentials
    is_double: bool = False
    """moto: it evaluates no conditions of a policy, and fails on a request without a signature."""

    def client(self, identity: str) -> Any:
        access, secret = self.credentials[identity]
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            region_name="us-east-1",
            config=Config(retries={"max_attempts": 1}),
        )


def free_ports(count: int) -> list[int]:
    """Below the ports that a system gives to clients, also with the 10,000 that SeaweedFS adds to each for gRPC."""
    found: list[int] = []
    for port in range(12000 + time.monotonic_ns() % 9000, 22000, 10):
        if all(_is_free(number) for number in (port, port + 10000)):
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def seaweedfs(folder: Path) -> Iterator[Store]:
    """As components/object-store runs it, with the configuration that secrets.sh makes."""
    if shutil.which("weed") is None:
        pytest.skip("weed is not installed")
    identities = K8S / "components/object-store/identities.json"
    made = run(sys.executable, str(K8S / "scripts/identities.py"), "make", str(identities))
    assert made.returncode == 0, made.stderr
    (folder / "s3.json").write_text(made.stdout, encoding="utf-8")
    credentials = {
        identity["name"]: (identity["credentials"][0]["accessKey"], identity["credentials"][0]["secretKey"])
        for identity in json.loads(made.stdout)["identities"]
    }
    master, volume, filer, s3 = free_ports(4)
    command = ["weed", "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3", "-filer", f"-s3.config={folder / 's3.json'}"]
    command += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}"]
    command += ["-master.volumePreallocate=false", "-master.volumeSizeLimitMB=128", "-volume.max=0"]
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            wait_for_answer(f"http://127.0.0.1:{s3}/status", process, log)
            yield Store(f"http://127.0.0.1:{s3}", credentials)
        finally:
            process.terminate()


def aws(folder: Path) -> Iterator[Store]:
    """A double of AWS that holds users to their policies."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "moto.server", "--host=127.0.0.1", f"--port={endpoint.rpartition(':')[2]}"]
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            wait_for_answer(f"{endpoint}/moto-api/data.json", process, log)
            key = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup", "region_name": "us-east-1"}
            iam = boto3.client("iam", endpoint_url=endpoint, **key)
            policies = {file.stem: file.read_text("utf-8") for file in (K8S / "overlays/production/iam").glob("*.json")}
            everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
            credentials = {}
            for name, policy in {**policies, "admin": json.dumps(everything)}.items():
                iam.create_user(UserName=name)
                iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
                made = iam.create_access_key(UserName=name)["AccessKey"]
                credentials[name] = (made["AccessKeyId"], made["SecretAccessKey"])
            enforce = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
            urllib.request.urlopen(enforce, timeout=5).close()
            yield Store(endpoint, credentials, is_double=True)
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=[seaweedfs, aws], ids=["seaweedfs", "aws"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    for running in request.param(tmp_path_factory.mktemp("store")):
        admin = running.client("admin")
        until = time.monotonic() + 60
        for bucket in BUCKETS:
            admin.create_bucket(Bucket=bucket)
        for bucket, name in OBJECTS:
            while True:
                try:
                    admin.put_object(Bucket=bucket, Key=name, Body=b"content")
                    break
                except ClientError:  # SeaweedFS makes a bucket's volumes in the background
                    assert time.monotonic() < until
                    time.sleep(1)
        yield running


def get(bucket: str, name: str) -> Callable[[Any], Any]:
    return lambda client: client.get_object(Bucket=bucket, Key=name)


def put(bucket: str, name: str) -> Callable[[Any], Any]:
    return lambda client: client.put_object(Bucket=bucket, Key=name, Body=b"x")


def upload_parts(bucket: str, name: str) -> Callable[[Any], Any]:
    """As pyarrow writes."""
    return lambda client: client.create_multipart_upload(Bucket=bucket, Key=name)


def listed(bucket: str, prefix: str) -> Callable[[Any], Any]:
    return lambda client: client.list_objects_v2(Bucket=bucket, Prefix=prefix)


ALLOWED: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "read a model": (get("tenure-models", "mlflow/1/model"), {"server", "rollout", "mlflow", "steps"}),
    "list models": (listed("tenure-models", "mlflow/1/"), {"server", "rollout", "mlflow", "steps"}),
    "write a model": (put("tenure-models", "mlflow/1/model"), {"steps"}),
    "write a model in parts": (upload_parts("tenure-models", "mlflow/1/new"), {"steps"}),
    "write beside MLflow's models": (put("tenure-models", "e2e/bundle"), set()),
    "read customers": (get("tenure-data", "datasets/telco.csv"), {"steps"}),
    "list customers": (listed("tenure-data", "datasets/"), {"steps"}),
    "write customers": (put("tenure-data", "datasets/telco.csv"), set()),
    "read the prediction log": (get("tenure-data", "prediction-log/old.parquet"), {"rollout", "steps"}),
    "list the prediction log": (listed("tenure-data", "prediction-log/"), {"rollout", "steps"}),
    "write the prediction log": (put("tenure-data", "prediction-log/new.parquet"), {"server"}),
    "write the prediction log in parts": (upload_parts("tenure-data", "prediction-log/parts.parquet"), {"server"}),
    "read a backup": (get("tenure-backups", "mlflow.dump"), set()),
    "list backups": (listed("tenure-backups", ""), set()),
    "delete customers": (lambda c: c.delete_object(Bucket="tenure-data", Key="datasets/telco.csv"), set()),
    "make a bucket": (lambda c: c.create_bucket(Bucket="another"), set()),
    "delete a bucket": (lambda c: c.delete_bucket(Bucket="tenure-data"), set()),
    "open a bucket": (lambda c: c.put_bucket_acl(Bucket="tenure-data", ACL="public-read"), set()),
}


@pytest.mark.parametrize("action", ALLOWED)
def test_each_may_do_its_part_and_no_more(store: Store, action: str) -> None:
    ask, allowed = ALLOWED[action]
    able = set()
    for identity in ("server", "rollout", "mlflow", "steps"):
        try:
            ask(store.client(identity))
            able.add(identity)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, (identity, error)
    if store.is_double and action == "list customers":
        able -= {"rollout"}  # the policy's condition on the prefix
    assert able == allowed


def test_without_a_key_nothing_is_read(store: Store) -> None:
    for path in ("tenure-models/mlflow/1/model", "tenure-data?list-type=2", "tenure-data/datasets/telco.csv"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{store.endpoint}/{path}", timeout=10)
        assert refused.value.code in ((403, 500) if store.is_double else (403,))


def test_both_lists_name_the_same_identities() -> None:
    ours = set(json.loads((K8S / "components/object-store/identities.json").read_text(encoding="utf-8")))
    assert {file.stem for file in (K8S / "overlays/production/iam").glob("*.json")} == ours - {"admin"}
