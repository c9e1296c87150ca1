import functools
from pathlib import Path

import pytest
from kubeflow_double import KubeflowDouble

from pipelines.graphs.compilation import COMPILERS


@pytest.fixture(scope="session")
def compilers():
    """The compilers, each at work once for the same settings."""
    made = {}

    def once(name, settings, output):
        key = name, repr(settings)
        if key not in made:
            COMPILERS[name](settings, output)
            made[key] = output.read_bytes()
        output.write_bytes(made[key])

    return {name: functools.partial(once, name) for name in COMPILERS}


@pytest.fixture
def kubeflow(monkeypatch, compilers):
    monkeypatch.setattr("pipelines.graphs.compilation.COMPILERS", compilers)
    for name in ("KFP_ENDPOINT", "KFP_TOKEN", "KF_PIPELINES_ENDPOINT", "KF_PIPELINES_UI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr("pipelines.cluster.kubeconfig.DEFAULT_FILE", Path("/nowhere/config"))
    monkeypatch.setattr("pipelines.cluster.submit.POLL_S", 0.01)
    double = KubeflowDouble()
    yield double
    double.close()
