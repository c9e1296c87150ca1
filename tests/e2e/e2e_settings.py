"""Where the cluster is that the end-to-end tests run against. Everything comes from environment variables.

TENURE_E2E_GATEWAY             address of the gateway, such as http://localhost:8080; without it all tests skip
TENURE_E2E_GRPC_GATEWAY        host:port for gRPC (default: the gateway's)
TENURE_E2E_HOST                host name of the service at the gateway (default: the InferenceService's status)
TENURE_E2E_SERVICE             InferenceService (churn)
TENURE_E2E_NAMESPACE           its namespace (tenure)
TENURE_E2E_CONTEXT             context of the kubeconfig (default: the current one; KUBECONFIG is honoured)
TENURE_E2E_ROLLOUT_DEPLOYMENT  the rollout controller's Deployment (tenure-rollout)
TENURE_E2E_PLATFORM_NAMESPACE  namespace of MLflow and its database (tenure-platform)
TENURE_E2E_MLFLOW_WORKLOAD     kind/name of MLflow (deployment/mlflow)
TENURE_E2E_DATABASE_WORKLOAD   kind/name of the database (statefulset/postgres); empty if it is outside the cluster
TENURE_E2E_BUNDLES             folder that both this machine and the cluster reach, such as s3://tenure-models/e2e;
                               AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, … say how this machine reaches it
TENURE_E2E_KFP_ENDPOINT        address of the Kubeflow Pipelines API, such as http://localhost:8888
TENURE_E2E_KFP_NAMESPACE       where its pods run (kubeflow)
TENURE_E2E_PIPELINE_IMAGE      the pipeline image, tagged by content
TENURE_E2E_DATASET             folder with the contract whose source the cluster can read (datasets/telco)
TENURE_E2E_LOAD_THREADS        connections of the load tests (16)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """The variables above."""

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
    kfp_namespace: str
    pipeline_image: str
    dataset: Path
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
        grpc_gateway=get("GRPC_GATEWAY") or gateway.partition("://")[2],
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
        kfp_namespace=get("KFP_NAMESPACE", "kubeflow"),
        pipeline_image=get("PIPELINE_IMAGE"),
        dataset=ROOT / get("DATASET", "datasets/telco"),
        load_threads=int(get("LOAD_THREADS", "16")),
    )
