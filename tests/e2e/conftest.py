"""A deployed service, as the tests find it and as they leave it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from e2e_cluster import Cluster, rollout
from e2e_gateway import Gateway, customers, until
from e2e_settings import Settings, from_environment

from rollout.traffic.inference_service import predictor_object
from tenure.bundle import signature_of
from tenure.signing import FILE_NAME, SigningKey

CUSTOMERS = 200
DRAIN_S = 10.0
"""For the gateway to follow its route, and for what is on its way."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def settings() -> Settings:
    return from_environment()


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Cluster:
    from kubernetes.config.config_exception import ConfigException

    try:
        return Cluster(settings)
    except ConfigException as error:
        pytest.skip(f"no kubeconfig: {error}")


@pytest.fixture(scope="session")
def gateway(settings: Settings, cluster: Cluster) -> Gateway:
    until("the InferenceService is ready", cluster.ready, 120)
    host = settings.host or urlsplit(cluster.service()["status"]["url"]).hostname
    return Gateway(settings.gateway, host, settings.service)


@pytest.fixture(scope="session")
def bodies(settings: Settings, gateway: Gateway) -> list[dict[str, Any]]:
    """Requests of one customer each, raw columns as the server's metadata names them."""
    inputs = [column["name"] for column in gateway.metadata()["inputs"]]
    return customers(settings.dataset, inputs, CUSTOMERS)


@pytest.fixture(scope="session")
def bundle_folder(settings: Settings, cluster: Cluster) -> Path:
    """A copy of the bundle that is served when the tests begin."""
    import fsspec

    settings.need(bundles=settings.bundles)
    target = Path(tempfile.mkdtemp(prefix="tenure-e2e-")) / "bundle"
    source = cluster.service()["spec"]["predictor"]["model"]["storageUri"].rstrip("/")
    filesystem, path = fsspec.core.url_to_fs(source)
    filesystem.get(f"{path}/", f"{target}/", recursive=True)
    return target


@pytest.fixture(scope="session")
def signing_key(settings: Settings, cluster: Cluster) -> SigningKey | None:
    """The key that the cluster's servers trust; None where none is there, and any bundle is served."""
    pem = cluster.secret(settings.platform_namespace, "tenure-signing-key", "private-key")
    return None if pem is None else SigningKey.from_pem(pem, "tenure-signing-key")


@pytest.fixture
def publish(settings: Settings, signing_key: SigningKey | None) -> Callable[[Path, str], str]:
    """Copy a bundle, signed, to where the cluster finds it; its address."""

    def upload(folder: Path, version: str) -> str:
        import fsspec

        if signing_key is not None:
            (folder / FILE_NAME).write_bytes(signature_of(folder, signing_key, signed_by="e2e"))
        address = f"{settings.bundles}/{version}"
        filesystem, path = fsspec.core.url_to_fs(address)
        if filesystem.exists(path):
            filesystem.rm(path, recursive=True)
        for file in sorted(folder.iterdir()):
            filesystem.put_file(str(file), f"{path}/{file.name}")
        return address

    return upload


@pytest.fixture
def service(settings: Settings, cluster: Cluster) -> Iterator[Cluster]:
    """The service, put back as it was: no rollout, no canary, the model of before."""
    before = cluster.service()["spec"]
    assert not before.get("canary"), "somebody else's canary is under way: not touched"
    yield cluster

    def at_rest() -> bool:
        """Abort what is under way, and see it through; a canary that the test set by hand is no rollout."""
        return "no rollout is under way" in rollout(settings, "abort", "--why", "end of a test", timeout_s=1200).stderr

    until("no rollout is under way", at_rest, 1200)
    canaries = cluster.service()["spec"].get("canary") or []
    if canaries:
        # As a rollout does it: out of the route first. Requests to a Service that goes while the route still names it
        # are answered 500, and would be the next test's.
        cluster.patch_service({"canary": [{**entry, "trafficPercent": 0} for entry in canaries]})
        stable = predictor_object(settings.service, before["predictor"].get("name", ""))
        until("the route has no canary", lambda: _carried(cluster) == {stable}, 300)
        time.sleep(DRAIN_S)
    now = cluster.service()["spec"]
    if now != before:
        gone = {key: None for key in now if key not in before}
        predictor = {key: None for key in now["predictor"] if key not in before["predictor"]} | before["predictor"]
        cluster.patch_service({**gone, **before, "predictor": predictor})
    name = before["predictor"].get("name", "")
    until("the service is as it was", lambda: cluster.ready() and cluster.settled(name), 600)


def _carried(cluster: Cluster) -> set[str]:
    """Backends that get a share."""
    return {backend for backend, weight in cluster.route_weights().items() if weight}
