"""When the object store inside the cluster counts as ready: its probe as the kubelet runs it, with a played weed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from manifests import K8S, run

WEED = """#!/bin/sh
read command
echo "$command" >>"$FAKE_FOLDER/asked"
case $command in
    cluster.ps) echo "$VOLUME_SERVERS" ;;
    s3.bucket.list) sed -n 's/^s3.bucket.create -name /  /p' "$FAKE_FOLDER/asked" ;;
esac
"""

KNOWN = """* volume servers 1
  * data center: DefaultDataCenter
    * rack: DefaultRack
      * 10.244.0.7:8080 (30GB 4.34 )"""
GONE = """* volume servers 0
  * data center: DefaultDataCenter
    * rack: DefaultRack"""
"""As SeaweedFS 4.34 tells it: whether the server has volumes yet, as on the first day it has not, does not matter."""


@pytest.fixture
def probe(tmp_path: Path):
    program = tmp_path / "weed"
    program.write_text(WEED, encoding="utf-8")
    program.chmod(stat.S_IRWXU)
    store = yaml.safe_load((K8S / "components/object-store/stateful-set.yaml").read_text(encoding="utf-8"))
    command = store["spec"]["template"]["spec"]["containers"][0]["startupProbe"]["exec"]["command"]

    def ready(volume_servers: str) -> tuple[bool, list[str]]:
        environment = {
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "FAKE_FOLDER": str(tmp_path),
            "VOLUME_SERVERS": volume_servers,
        }
        status = run(*command, environment=environment).returncode
        return status == 0, (tmp_path / "asked").read_text(encoding="utf-8").splitlines()

    return ready


def test_it_is_ready_with_its_volume_server_and_buckets(probe) -> None:
    ready, asked = probe(KNOWN)
    assert ready
    created = {command.split()[-1] for command in asked if command.startswith("s3.bucket.create")}
    assert created == {"tenure-models", "tenure-data", "tenure-backups"}


def test_before_its_volume_server_is_known_nobody_may_read(probe) -> None:
    ready, asked = probe(GONE)
    assert not ready
    assert asked == ["cluster.ps"]
