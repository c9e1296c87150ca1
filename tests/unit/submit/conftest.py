from pathlib import Path

import pytest
from kubeflow_double import KubeflowDouble


@pytest.fixture
def kubeflow(monkeypatch):
    for name in ("KFP_ENDPOINT", "KFP_TOKEN", "KF_PIPELINES_ENDPOINT", "KF_PIPELINES_UI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr("pipelines.kubeconfig.DEFAULT_FILE", Path("/nowhere/config"))
    monkeypatch.setattr("pipelines.submit.POLL_S", 0.01)
    double = KubeflowDouble()
    yield double
    double.close()
