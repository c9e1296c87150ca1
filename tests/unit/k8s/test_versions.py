"""One list of versions; configuration files that their programs would take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from manifests import K8S, ROOT


def environment_file(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_images_run_beside_tenure_are_those_of_the_list() -> None:
    versions = environment_file(K8S / "versions.env")
    images = yaml.safe_load((K8S / "components/versions/kustomization.yaml").read_text(encoding="utf-8"))["images"]
    tags = {image["name"].rpartition("/")[2]: image["newTag"] for image in images}
    assert tags["mlflow"] == versions["MLFLOW_VERSION"]
    assert tags["postgres"] == versions["POSTGRES_VERSION"]
    assert tags["prometheus"] == versions["PROMETHEUS_VERSION"]
    assert tags["seaweedfs"] == versions["SEAWEEDFS_VERSION"]
    assert not any(tag == "latest" for tag in tags.values())


def test_scripts_name_no_version_of_their_own() -> None:
    for script in (K8S / "scripts").glob("*.sh"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"\bv\d+\.\d+\.\d+\b", text), script.name


def test_kfp_client_and_server_are_of_one_version() -> None:
    versions = environment_file(K8S / "versions.env")
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"kfp=={versions["KFP_VERSION"]}"' in pyproject
    assert f'"kserve=={versions["KSERVE_VERSION"].removeprefix("v")}"' in pyproject


def test_the_base_image_is_pinned_by_digest_in_one_place() -> None:
    pinned = environment_file(ROOT / "images/versions.env")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", pinned["BASE_DIGEST"])
    for dockerfile in (ROOT / "images").glob("*/Dockerfile"):
        text = dockerfile.read_text(encoding="utf-8")
        assert f"ARG BASE_IMAGE={pinned['BASE_NAME']}\n" in text
        assert "sha256:" not in text
        froms = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert froms == ["${BASE_IMAGE}", "${BASE_IMAGE}"]
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)


def test_the_pipelines_plugin_points_at_our_mlflow() -> None:
    config = json.loads((K8S / "platform/pipelines/config.json").read_text(encoding="utf-8"))
    plugin = config["plugins"]["mlflow"]
    assert plugin["settings"] == {
        "authType": "basic-auth",
        "credentialSecretRef": {"usernameKey": "MLFLOW_TRACKING_USERNAME", "passwordKey": "MLFLOW_TRACKING_PASSWORD"},
        "workspacesEnabled": False,
        "injectUserEnvVars": True,
    }
    hosts = environment_file(K8S / "base/mlflow/mlflow.env")["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    # MLflow answers 403 to a Host header that it was not told of.
    from mlflow.server import security_utils as security

    assert security.is_allowed_host_header(hosts, plugin["endpoint"].removeprefix("http://"))
    tracking = environment_file(K8S / "base/rollout/rollout.env")["MLFLOW_TRACKING_URI"]
    assert security.is_allowed_host_header(hosts, tracking.removeprefix("http://"))


def test_mlflow_takes_the_host_names() -> None:
    """The patterns, as MLflow's own middleware reads them."""
    from mlflow.server import security_utils as security

    hosts = environment_file(K8S / "base/mlflow/mlflow.env")["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    for host in ("mlflow.tenure-platform.svc:5000", "mlflow.tenure-platform.svc.cluster.local:5000", "localhost:41235"):
        assert security.is_allowed_host_header(hosts, host)
    for host in (
        "evil.example.com",
        "mlflow.evil.example.com",
        "mlflow.evil.svc.example.com",
        "mlflow.svc.evil.com:5000",
    ):
        assert not security.is_allowed_host_header(hosts, host)
