"""A renewed key opens the object store beside the present one, until that is retired."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from manifests import K8S

IDENTITIES = K8S / "components/object-store/identities.json"


def identities(*arguments: str, given: str = "") -> str:
    command = [sys.executable, str(K8S / "scripts/identities.py"), *arguments]
    result = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def keys(configuration: str) -> dict[str, list[str]]:
    return {
        identity["name"]: [each["secretKey"] for each in identity["credentials"]]
        for identity in json.loads(configuration)["identities"]
    }


def test_no_client_is_shut_out_while_keys_change() -> None:
    before = identities("make", str(IDENTITIES))
    between = identities("renew", str(IDENTITIES), given=before)
    after = identities("retire", given=between)
    for name, (old,) in keys(before).items():
        new, kept = keys(between)[name]
        assert kept == old != new
        assert keys(after)[name] == [new]
        access, secret = identities("show", name, given=between).split()
        assert secret == new
        credentials = {each["name"]: each["credentials"] for each in json.loads(between)["identities"]}[name]
        assert {"accessKey": access, "secretKey": secret} == credentials[0]
    access = [each["accessKey"] for identity in json.loads(between)["identities"] for each in identity["credentials"]]
    assert len(set(access)) == len(access) == 10


def test_an_old_cluster_s_single_identity_gives_way_to_those_of_today() -> None:
    old = {"name": "tenure", "credentials": [{"accessKey": "tenure", "secretKey": "s"}], "actions": ["Admin"]}
    renewed = json.loads(identities("renew", str(IDENTITIES), given=json.dumps({"identities": [old]})))["identities"]
    rights = json.loads(IDENTITIES.read_text(encoding="utf-8"))
    assert {identity["name"]: identity["actions"] for identity in renewed} == rights


def test_a_third_key_is_not_kept() -> None:
    configuration = identities("make", str(IDENTITIES))
    for _ in range(3):
        configuration = identities("renew", str(IDENTITIES), given=configuration)
    assert all(len(found) == 2 for found in keys(configuration).values())


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], ""),
        (["renew"], "{}"),
        (["show", "admin", "password"], "{}"),
        (["retire"], ""),
        (["retire"], "[]"),
        (["renew", str(IDENTITIES)], "{}"),
        (["renew", "nofile"], '{"identities": []}'),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(arguments: list[str], given: str) -> None:
    command = [sys.executable, str(K8S / "scripts/identities.py"), *arguments]
    result = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
