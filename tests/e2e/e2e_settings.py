"""Where the cluster is that the end-to-end tests run against: all from the environment, see the table in README.md."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    gateway: str
    grpc_gateway: str
    host: str
    service: str
    namespace: str
    context: str | None
    rollout_deployment: str
    platform_namespace: str
    mlflow_workload: str
    database_workload: str
    bundles: str
    kfp_endpoint: str
    pipeline_image: str
    rollout_image: str
    dataset: Path
    submit_flags: tuple[str, ...]
    load_threads: int

    def need(self, **named: str) -> None:
        """Skip the test, by the variable's name, if something it needs is not set."""
        for name, value in named.items():
            if not value:
                pytest.skip(f"TENURE_E2E_{name.upper()} is not set")


def from_environment() -> Settings:
    """Skips if there is no gateway."""

    def get(name: str, default: str = "") -> str:
        return os.environ.get(f"TENURE_E2E_{name}", default)

    gateway = get("GATEWAY").rstrip("/")
    if not gateway:
        pytest.skip("TENURE_E2E_GATEWAY is not set: no cluster to test")
    return Settings(
        gateway=gateway,
        grpc_gateway=get("GRPC_GATEWAY") or _with_port(gateway),
        host=get("HOST"),
        service=get("SERVICE", "churn"),
        namespace=get("NAMESPACE", "tenure"),
        context=get("CONTEXT") or None,
        rollout_deployment=get("ROLLOUT_DEPLOYMENT", "tenure-rollout"),
        platform_namespace=get("PLATFORM_NAMESPACE", "tenure-platform"),
        mlflow_workload=get("MLFLOW_WORKLOAD", "deployment/mlflow"),
        database_workload=get("DATABASE_WORKLOAD", "statefulset/postgres"),
        bundles=get("BUNDLES").rstrip("/"),
        kfp_endpoint=get("KFP_ENDPOINT").rstrip("/"),
        pipeline_image=get("PIPELINE_IMAGE"),
        rollout_image=get("ROLLOUT_IMAGE"),
        dataset=ROOT / get("DATASET", "datasets/telco"),
        submit_flags=tuple(shlex.split(get("SUBMIT_FLAGS"))),
        load_threads=int(get("LOAD_THREADS", "16")),
    )


def _with_port(address: str) -> str:
    """host:port of a URL; gRPC itself would take 443 where none is named, whatever the scheme."""
    parts = urlsplit(address)
    return parts.netloc if parts.port else f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}"
