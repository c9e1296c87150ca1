"""Every overlay holds bundles against a trust root, and only register's pod gets the key that signs them."""

from __future__ import annotations

import pytest
import yaml
from manifests import K8S, OVERLAYS, Render, run

from components.spec import step_specs
from serving.lifecycle import arguments
from tenure.signing import SIGNING_KEY_VARIABLE, SigningKey, TrustRoot
from tenure.signing.trust import parse_keys


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_server_and_rollout_read_the_same_trust_root(render: Render, overlay: str) -> None:
    documents = render(overlay)
    (runtime,) = [document for document in documents if document["kind"] == "ServingRuntime"]
    (rollout,) = [document for document in documents if document["metadata"]["name"] == "tenure-rollout"
                  and document["kind"] == "Deployment"]  # fmt: skip
    (server,) = runtime["spec"]["containers"]
    words = [word for word in server["args"] if word.startswith("--trust")]
    given = arguments.parse(["--model", "churn=/mnt/models", *words])
    (controller,) = rollout["spec"]["template"]["spec"]["containers"]
    variables = {entry["name"]: entry.get("value") for entry in controller["env"]}
    assert str(given.trust) == variables["TENURE_TRUST"]
    for container, spec in ((server, runtime["spec"]), (controller, rollout["spec"]["template"]["spec"])):
        (mount,) = [mount for mount in container["volumeMounts"] if mount["mountPath"] == str(given.trust)]
        (volume,) = [volume for volume in spec["volumes"] if volume["name"] == mount["name"]]
        assert mount["readOnly"] is True
        assert volume["secret"]["secretName"] == "tenure-trust"
        assert "optional" not in volume["secret"]  # without it no pod starts, instead of one that accepts anything


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_of_the_manifests_gets_the_private_key(render: Render, overlay: str) -> None:
    brought = [document for document in render(overlay) if document["kind"] != "ExternalSecret"]
    assert "tenure-signing-key" not in yaml.safe_dump_all(brought)
    holders = {
        spec.name
        for spec in step_specs().values()
        for secret in spec.secrets
        if SIGNING_KEY_VARIABLE in secret.variables.values()
    }
    assert holders == {"register"}


def test_keys_as_openssl_makes_them_are_read() -> None:
    """As k8s/scripts/secrets.sh makes them."""
    private = run("openssl", "genpkey", "-algorithm", "ed25519").stdout
    made = K8S / "scripts" / "secrets.sh"
    assert "openssl genpkey -algorithm ed25519" in made.read_text(encoding="utf-8")
    key = SigningKey.from_pem(private.strip().encode(), "openssl")
    (trusted,) = parse_keys(key.public_pem().decode(), "openssl")
    assert trusted.key_id == key.key_id == TrustRoot.of(key).keys[0].key_id
