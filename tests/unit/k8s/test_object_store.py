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
    volume.list) echo "Topology volumeSizeLimit:128 MB$DATA_NODE" ;;
    s3.bucket.list) sed -n 's/^s3.bucket.create -name /  /p' "$FAKE_FOLDER/asked" ;;
esac
"""


@pytest.fixture
def probe(tmp_path: Path):
    program = tmp_path / "weed"
    program.write_text(WEED, encoding="utf-8")
    program.chmod(stat.S_IRWXU)
    store = yaml.safe_load((K8S / "components/object-store/stateful-set.yaml").read_text(encoding="utf-8"))
    command = store["spec"]["template"]["spec"]["containers"][0]["startupProbe"]["exec"]["command"]

    def ready(data_node: str) -> tuple[bool, list[str]]:
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "FAKE_FOLDER": str(tmp_path), "DATA_NODE": data_node}
        status = run(*command, environment=environment).returncode
        return status == 0, (tmp_path / "asked").read_text(encoding="utf-8").splitlines()

    return ready


def test_it_is_ready_with_its_volumes_and_buckets(probe) -> None:
    ready, asked = probe("\n      DataNode 10.244.0.7:8080 hdd(volume:21/189)")
    assert ready
    created = {command.split()[-1] for command in asked if command.startswith("s3.bucket.create")}
    assert created == {"tenure-models", "tenure-data", "tenure-backups"}


def test_before_its_volumes_are_known_nobody_may_read(probe) -> None:
    ready, asked = probe("")
    assert not ready
    assert asked == ["volume.list"]
