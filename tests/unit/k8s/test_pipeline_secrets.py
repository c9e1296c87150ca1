"""Every Secret that a pipeline's pods name is one that somebody makes, in the namespace where the pods are."""

from __future__ import annotations

import pytest
import yaml
from manifests import K8S, Render

from components.spec import step_specs

NAMESPACE = "kubeflow"
TAKEN = {
    (secret.name, key, secret.optional)
    for spec in step_specs().values()
    for secret in spec.secrets
    for key in secret.variables
}


@pytest.mark.parametrize(("name", "key", "optional"), sorted(TAKEN))
def test_the_list_has_it_with_the_key(name: str, key: str, optional: bool) -> None:
    listed = yaml.safe_load((K8S / "secrets.yaml").read_text(encoding="utf-8"))["secrets"]
    (found,) = [secret for secret in listed if secret["name"] == name and NAMESPACE in secret["namespaces"]]
    assert key in found["keys"] or (optional and key in found["optional"])


def test_the_vault_brings_it(render: Render) -> None:
    brought = {
        (document["spec"]["target"]["name"], entry["secretKey"])
        for document in render("production")
        if document["kind"] == "ExternalSecret" and document["metadata"]["namespace"] == NAMESPACE
        for entry in document["spec"]["data"]
    }
    # AWS's own store has no endpoint to name.
    assert {(name, key) for name, key, _ in TAKEN} - brought == {("tenure-object-store", "AWS_ENDPOINT_URL")}
