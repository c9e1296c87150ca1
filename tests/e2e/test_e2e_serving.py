"""What a client at the gateway gets: answers, the canary's share, and no failure while pods come and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import renamed
from e2e_cluster import Cluster
from e2e_gateway import Gateway, Load, together, until
from e2e_settings import Settings

SPLIT_REQUESTS = 2_500
CANARY_PERCENT = 10


def test_rest_predicts_through_the_gateway(gateway: Gateway, bodies: list[dict[str, Any]]) -> None:
    answer = gateway.infer(bodies[0] | {"id": "e2e-1"})
    assert answer["id"] == "e2e-1"
    assert answer["model_name"] == gateway.model
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    assert 0.0 <= outputs["probability"][0] <= 1.0


def test_grpc_predicts_the_same_through_the_gateway(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]]
) -> None:
    import tritonclient.grpc as triton

    client = triton.InferenceServerClient(
        settings.grpc_gateway,
        ssl=settings.gateway.startswith("https"),
        channel_args=[("grpc.default_authority", gateway.host), ("grpc.ssl_target_name_override", gateway.host)],
    )
    inputs = []
    for column in bodies[0]["inputs"]:
        tensor = triton.InferInput(column["name"], column["shape"], column["datatype"])
        tensor.set_data_from_numpy(np.array([value.encode() for value in column["data"]], dtype=object))
        inputs.append(tensor)
    answer = client.infer(gateway.model, inputs, client_timeout=15)
    by_rest = {output["name"]: output["data"] for output in gateway.infer(bodies[0])["outputs"]}
    assert answer.as_numpy("probability")[0] == pytest.approx(by_rest["probability"][0], abs=1e-6)


def test_a_mistake_is_the_client_s(gateway: Gateway, bodies: list[dict[str, Any]]) -> None:
    import contextlib
    import json

    broken = json.dumps({"inputs": bodies[0]["inputs"][1:]}).encode()
    missing = bodies[0]["inputs"][0]["name"]
    with contextlib.closing(gateway.connect()) as connection:
        status, answer = gateway.send(connection, "POST", f"/v2/models/{gateway.model}/infer", broken)
    assert status == 400
    assert missing in answer.decode()


def test_the_canary_gets_its_share(
    settings: Settings,
    gateway: Gateway,
    bodies: list[dict[str, Any]],
    service: Cluster,
    bundle_folder: Path,
    publish: Callable[[Path, str], str],
    tmp_path: Path,
) -> None:
    from scipy.stats import binom

    stable_version = gateway.infer(bodies[0])["model_version"]
    version = renamed(bundle_folder, tmp_path / "bundle", "canary")
    predictor = service.service()["spec"]["predictor"]
    model = predictor["model"] | {"name": "", "storageUri": publish(tmp_path / "bundle", version)}
    canary = {"name": "e2e", "minReplicas": 1, "model": model}
    service.patch_service({"canary": [{"trafficPercent": CANARY_PERCENT, "predictor": canary}]})
    backend = f"{settings.service}-e2e-predictor"
    until("the route carries the canary", lambda: service.route_weights().get(backend) == CANARY_PERCENT, 300)
    until("the gateway follows", lambda: _seen(gateway, bodies, version), 120)
    with Load(gateway, bodies, settings.load_threads) as load:
        load.wait_for(SPLIT_REQUESTS, 300)
    outcome = load.outcome
    assert not outcome.failures, outcome.failures[:5]
    assert set(outcome.versions) == {stable_version, version}
    low, high = binom.interval(0.999, outcome.answered, CANARY_PERCENT / 100)
    assert low <= outcome.versions[version] <= high, outcome.versions


def _seen(gateway: Gateway, bodies: list[dict[str, Any]], version: str) -> bool:
    return any(gateway.infer(body)["model_version"] == version for body in bodies[:60])


def test_a_killed_pod_fails_no_request(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]], service: Cluster
) -> None:
    name = service.service()["spec"]["predictor"].get("name", "")
    pods = service.predictor_pods(name)
    assert len(pods) >= 2, "one replica cannot be killed unseen"
    with Load(gateway, bodies, settings.load_threads) as load:
        load.wait_for(500, 120)
        service.kill(pods[0])
        load.wait_for(load.outcome.answered + 2_000, 300)
        until("the pod is replaced", lambda: service.settled(name), 300)
        # And one that is asked to go, as in a drain.
        service.kill(service.predictor_pods(name)[0], grace_s=60)
        load.wait_for(load.outcome.answered + 2_000, 300)
        until("that one is replaced too", lambda: service.settled(name), 300)
    assert not load.outcome.failures, load.outcome.failures[:5]


def test_hpa_scales_out_under_load_and_back(
    settings: Settings, gateway: Gateway, bodies: list[dict[str, Any]], service: Cluster
) -> None:
    predictor = service.service()["spec"]["predictor"]
    name, least = predictor.get("name", ""), predictor["minReplicas"]

    def replicas() -> int:
        return service.deployment(name).status.ready_replicas or 0

    until("the service rests at its least", lambda: replicas() == least, 600)
    # Many customers a request: single ones would keep this machine busier than replicas that may use whole processors.
    with Load(gateway, [together(bodies[:50])], 4 * settings.load_threads) as load:
        until("a replica more is ready", lambda: replicas() > least, 600)
    assert not load.outcome.failures, load.outcome.failures[:5]
    # The HPA looks back five minutes before it takes replicas away.
    until("back to the least", lambda: replicas() == least, 1200, every_s=10)
