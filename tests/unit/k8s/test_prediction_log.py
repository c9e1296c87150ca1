"""components/prediction-log: the server's arguments are good ones, and the way to the object store is open."""

from __future__ import annotations

import pytest
from manifests import Render, server_arguments

from serving.lifecycle import arguments

NAME = "churn"


@pytest.mark.parametrize("given", [("kind",), ("production", "prediction-log")])
def test_the_server_is_told_where_how_much_and_by_whose_rights(render: Render, given: tuple[str, ...]) -> None:
    documents = render(*given)
    log = arguments.parse(server_arguments(documents, NAME)).prediction_log
    assert log is not None
    assert (log.location, log.rates) == ("s3://tenure-data/prediction-log", {NAME: 1.0})
    (runtime,) = [document for document in documents if document["kind"] == "ServingRuntime"]
    sources = {entry["name"]: entry.get("valueFrom", {}) for entry in runtime["spec"]["containers"][0]["env"]}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        # Without the Secret the pod's ServiceAccount has a role of AWS.
        assert sources[name]["secretKeyRef"] == {"name": "tenure-object-store", "key": name, "optional": True}
    assert sources["TENURE_LOG_HASH_KEY"]["secretKeyRef"]["name"] == "tenure-log-hash"


def test_the_server_reaches_the_store(render: Render) -> None:
    policies = {d["metadata"]["name"]: d["spec"] for d in render("kind") if d["kind"] == "NetworkPolicy"}
    store = {"app.kubernetes.io/name": "object-store"}
    to_store = [
        rule["ports"]
        for rule in policies["tenure-server"]["egress"]
        for peer in rule["to"]
        if peer.get("podSelector", {}).get("matchLabels") == store
    ]
    server = {"serving.kserve.io/inferenceservice": NAME}
    from_server = [
        rule["ports"]
        for rule in policies["object-store"]["ingress"]
        for peer in rule["from"]
        if peer.get("podSelector", {}).get("matchLabels") == server
    ]
    assert to_store == from_server == [[{"protocol": "TCP", "port": 8333}]]


def test_without_the_component_nothing_is_logged(render: Render) -> None:
    assert arguments.parse(server_arguments(render("production"))).prediction_log is None
