"""What Prometheus scrapes, and under which labels: a real Prometheus, told of pods as Kubernetes would tell it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from manifests import K8S, Render, pods

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@contextlib.contextmanager
def prometheus(config: Path, data: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={address}",
    ]
    with (data.parent / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def discovered(
    name: str, port: int, labels: dict[str, str], annotations: dict[str, str], phase: str = "Running"
) -> dict:
    """A target with the labels that Prometheus' Kubernetes discovery gives to a port of a pod."""
    meta = {"namespace": "tenure", "pod_name": name, "pod_phase": phase, "pod_container_port_number": str(port)}
    for kind, values in (("label", labels), ("annotation", annotations)):
        for key, value in values.items():
            meta[f"pod_{kind}_{''.join(letter if letter.isalnum() else '_' for letter in key)}"] = value
    return {
        "targets": [f"127.0.0.1:{port}"],
        "labels": {f"__meta_kubernetes_{key}": value for key, value in meta.items()},
    }


def test_server_pods_are_scraped_once_and_told_apart(render: Render, tmp_path: Path) -> None:
    server = next(metadata for where, metadata, _ in pods(render("kind")) if where.startswith("InferenceService"))
    labels, annotations = server["labels"], server["annotations"]
    canary = {**labels, "app": "isvc.churn-v4-predictor"}
    targets = [
        discovered("churn-predictor-7d9-aaaaa", 8080, labels, annotations),
        discovered("churn-predictor-7d9-aaaaa", 8081, labels, annotations),
        discovered("churn-v4-predictor-5f6-bbbbb", 8080, canary, annotations),
        discovered("churn-predictor-7d9-ccccc", 8080, labels, annotations, phase="Failed"),
        discovered("tenure-rollout-1-ddddd", 8080, {}, {}),
    ]
    config = yaml.safe_load((K8S / "components/prometheus/prometheus.yaml").read_text(encoding="utf-8"))
    del config["rule_files"]
    job = next(job for job in config["scrape_configs"] if job["job_name"] == "tenure")
    # Debian's build has no Kubernetes discovery; what is tested is what becomes of its labels.
    job["static_configs"] = targets
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod", "namespaces": {"names": ["tenure"]}}]
    config["scrape_configs"] = [job]
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with prometheus(tmp_path / "prometheus.yaml", tmp_path / "data") as url:
        found: list[dict] = []
        deadline = time.monotonic() + 30
        while not found and time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api/v1/targets?state=active") as answer:
                found = json.load(answer)["data"]["activeTargets"]
            time.sleep(0.2)
    common = {"job": "tenure", "namespace": "tenure", "inferenceservice": "churn", "instance": "127.0.0.1:8080"}
    assert sorted((target["labels"] for target in found), key=str) == sorted(
        [
            {**common, "pod": "churn-predictor-7d9-aaaaa", "predictor": "churn-predictor"},
            {**common, "pod": "churn-v4-predictor-5f6-bbbbb", "predictor": "churn-v4-predictor"},
        ],
        key=str,
    )
    assert {target["scrapeUrl"] for target in found} == {"http://127.0.0.1:8080/metrics"}
