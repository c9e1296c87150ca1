"""Rollouts as an operator starts them, with clients at the gateway all the while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import failing, renamed, slow
from e2e_cluster import Cluster, rollout
from e2e_gateway import Gateway, Load, until
from e2e_settings import Settings

from rollout.traffic.inference_service import predictor_object

PROMOTED, ROLLED_BACK = 0, 7
QUICK = ("--step-time-s", "30", "--step-requests", "200", "--ready-s", "300", "--deadline-s", "1200")
ROLLOUT_S = 1500
SLOW_ROUNDS = 600
"""About two tenths of a second of one processor for each request: a model server's own time is a thousandth."""

Publish = Callable[[Path, str], str]


def start(settings: Settings, version: str, address: str, *more: str) -> Any:
    """``rollout start --wait`` with steps that a test has time for."""
    why = ("--who", "e2e", "--why", "end-to-end test")
    return rollout(
        settings,
        "start",
        *("--version", version, "--storage-uri", address, "--name", "e2e", "--mlflow", "", "--wait"),
        *QUICK,
        *why,
        *more,
        timeout_s=ROLLOUT_S,
    )


def stable_version(gateway: Gateway, bodies: list[dict[str, Any]]) -> str:
    return gateway.infer(bodies[0])["model_version"]


@pytest.fixture
def good(bundle_folder: Path, publish: Publish, tmp_path: Path) -> tuple[str, str]:
    """A version that behaves like the one that serves: version and address."""
    version = renamed(bundle_folder, tmp_path / "good", "good")
    return version, publish(tmp_path / "good", version)


def test_a_promotion_fails_no_request(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]], service: Cluster, good: tuple[str, str]
) -> None:
    version, address = good
    with Load(gateway, bodies, settings.load_threads, pause_s=0.01) as load:
        load.wait_for(200, 60)
        result = start(settings, version, address, "--steps", "25,100")
        answered = load.outcome.answered
        load.wait_for(answered + 1_000, 120)
    assert result.returncode == PROMOTED, result.stdout[-1000:] + result.stderr[-1000:]
    assert not load.outcome.failures, load.outcome.failures[:5]
    predictor = service.service()["spec"]["predictor"]
    assert predictor["model"]["storageUri"] == address
    assert {gateway.infer(body)["model_version"] for body in bodies[:50]} == {version}


def test_a_canary_that_errs_is_rolled_back(
    settings: Settings,
    gateway: Gateway,
    bodies: list[dict[str, Any]],
    service: Cluster,
    bundle_folder: Path,
    publish: Publish,
    tmp_path: Path,
) -> None:
    from tenure import bundle

    before = stable_version(gateway, bodies)
    columns = {
        column["name"]: [body["inputs"][place]["data"][0] for body in bodies]
        for place, column in enumerate(bodies[0]["inputs"])
    }
    matrix = bundle.read(bundle_folder).transform.encode(columns).matrix
    feature = int(np.argmax(matrix.std(axis=0)))
    version = failing(bundle_folder, tmp_path / "bad", feature, float(np.median(matrix[:, feature])))
    with Load(gateway, bodies, settings.load_threads, pause_s=0.01) as load:
        load.wait_for(200, 60)
        result = start(settings, version, publish(tmp_path / "bad", version), "--steps", "10,100")
    assert result.returncode == ROLLED_BACK, result.stdout[-1000:] + result.stderr[-1000:]
    assert stable_version(gateway, bodies) == before
    assert not service.service()["spec"].get("canary")
    # The harm that it did: at most its share, for as long as it was looked at.
    assert len(load.outcome.failures) < 0.2 * load.outcome.answered


def test_a_canary_that_is_slow_is_rolled_back(
    settings: Settings,
    gateway: Gateway,
    bodies: list[dict[str, Any]],
    service: Cluster,
    bundle_folder: Path,
    publish: Publish,
    tmp_path: Path,
) -> None:
    """Its model computes for longer than its pods have processors; the gateway sends late requests to stable."""
    before = stable_version(gateway, bodies)
    version = slow(bundle_folder, tmp_path / "slow", SLOW_ROUNDS)
    with Load(gateway, bodies, settings.load_threads, pause_s=0.01) as load:
        load.wait_for(200, 60)
        result = start(settings, version, publish(tmp_path / "slow", version), "--steps", "25,100")
    assert result.returncode == ROLLED_BACK, result.stdout[-1000:] + result.stderr[-1000:]
    assert not load.outcome.failures, (len(load.outcome.failures), load.outcome.failures[:5])
    assert stable_version(gateway, bodies) == before
    assert not service.service()["spec"].get("canary")


def test_stable_keeps_its_pods_while_a_canary_is_out(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]], service: Cluster, good: tuple[str, str]
) -> None:
    """KServe takes a canary's ready pods off the minimum of stable's autoscaler."""
    version, address = good
    predictor = service.service()["spec"]["predictor"]
    stable = predictor_object(settings.service, predictor.get("name", ""))
    backend = f"{settings.service}-e2e-predictor"
    floor = predictor.get("minReplicas", 1)
    seen: list[tuple[int, int]] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            if service.route_weights().get(backend):
                hpa = service.autoscaling.read_namespaced_horizontal_pod_autoscaler(stable, settings.namespace)
                deployment = service.apps.read_namespaced_deployment(stable, settings.namespace)
                seen.append((hpa.spec.min_replicas, deployment.status.available_replicas or 0))

    watching = threading.Thread(target=watch)
    with Load(gateway, bodies, settings.load_threads, pause_s=0.01) as load:
        load.wait_for(200, 60)
        watching.start()
        try:
            result = start(settings, version, address, "--steps", "25,50,100")
        finally:
            ended.set()
            watching.join()
    assert seen, "the canary had no traffic"
    assert min(minimum for minimum, _ in seen) >= floor
    assert min(available for _, available in seen) >= floor
    assert not load.outcome.failures, load.outcome.failures[:5]
    assert result.returncode == PROMOTED, result.stdout[-1000:] + result.stderr[-1000:]


def test_a_killed_controller_resumes(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]], service: Cluster, good: tuple[str, str]
) -> None:
    version, address = good
    results: list[Any] = []
    with Load(gateway, bodies, settings.load_threads, pause_s=0.01) as load:
        load.wait_for(200, 60)
        waiting = threading.Thread(
            target=lambda: results.append(start(settings, version, address, "--steps", "25,50,100"))
        )
        waiting.start()
        backend = f"{settings.service}-e2e-predictor"
        until("the first step", lambda: service.route_weights().get(backend) == 25, 400)
        controller = service.apps.read_namespaced_deployment(settings.rollout_deployment, settings.namespace)
        selector = ",".join(f"{key}={value}" for key, value in controller.spec.selector.match_labels.items())
        for pod in service.pods(selector):
            service.kill(pod)
        waiting.join(ROLLOUT_S)
    assert results, "the rollout did not end"
    assert results[0].returncode == PROMOTED, results[0].stdout[-1000:] + results[0].stderr[-1000:]
    assert not load.outcome.failures, load.outcome.failures[:5]
    assert service.service()["spec"]["predictor"]["model"]["storageUri"] == address


def test_an_unsigned_version_gets_no_canary(
    settings: Settings, service: Cluster, signing_key: Any, bundle_folder: Path, tmp_path: Path
) -> None:
    import fsspec

    if signing_key is None:
        pytest.skip("the cluster has no trust root")
    version = renamed(bundle_folder, tmp_path / "unsigned", "unsigned")
    address = f"{settings.bundles}/{version}"
    filesystem, path = fsspec.core.url_to_fs(address)
    for file in sorted((tmp_path / "unsigned").iterdir()):
        filesystem.put_file(str(file), f"{path}/{file.name}")
    result = start(settings, version, address)
    assert result.returncode == 2, result.stdout[-1000:] + result.stderr[-1000:]
    assert "it is not signed" in result.stderr
    assert not service.service()["spec"].get("canary")
