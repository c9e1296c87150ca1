"""Kubeflow Pipelines behind the API server that a kubeconfig names."""

import json

import pytest
from kubeflow_double import task
from test_submit import DATA, IMAGE, TELCO, fails, free_port, tenure

from pipelines.cluster.kubeconfig import SERVICE


@pytest.fixture
def write(kubeflow, tmp_path, monkeypatch):
    """A kubeconfig of two clusters: the one that has Kubeflow, and one that is gone."""

    def written(current="here"):
        places = {"here": kubeflow.url, "gone": f"http://127.0.0.1:{free_port()}"}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current,
            "clusters": [{"name": name, "cluster": {"server": url}} for name, url in places.items()],
            "users": [{"name": "ada", "user": {"token": "ada-s-token"}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "ada"}} for name in places],
        }
        path = tmp_path / "config"
        path.write_text(json.dumps(document))
        monkeypatch.setenv("KUBECONFIG", str(path))
        return path

    kubeflow.behind = f"/{SERVICE}"
    kubeflow.token = "ada-s-token"
    return written


def submit(*more):
    return tenure("submit", TELCO, "--data", DATA, "--image", IMAGE, *more)


def test_a_run_goes_through_the_api_server_with_the_kubeconfig_s_credentials(kubeflow, write, monkeypatch):
    write()
    result = submit()
    assert result.exit_code == 0, result.stderr
    (run,) = kubeflow.runs
    assert f"run {run['run_id']}: #/runs/details/{run['run_id']} of Kubeflow's user interface" in result.stdout
    assert {path.startswith(f"/{SERVICE}/apis/") for _, path in kubeflow.requests} == {True}
    monkeypatch.setenv("KF_PIPELINES_UI_ENDPOINT", "https://kubeflow.example.com/")
    assert "https://kubeflow.example.com/#/runs/details/" in submit("--no-wait").stdout


def test_a_failed_run_s_log_comes_that_way_too(kubeflow, write):
    from kubeflow_double import node
    from test_submit import pod

    write()
    failed = node("root.run.ingest.executor(0)", "Failed", "Error (exit code 2)")
    kubeflow.history, kubeflow.nodes = [("FAILED", [task("ingest", "FAILED")])], [failed]
    kubeflow.logs = {pod(failed): "[ingest] error: no such file: s3://bucket/customers.parquet\n"}
    fails(submit(), 1, "step ingest failed: no such file: s3://bucket/customers.parquet; #/runs/details/")


def test_the_context_says_which_cluster(kubeflow, write):
    path = write(current="gone")
    fails(submit(), 3, r"ml-pipeline behind http://127\.0\.0\.1:\d+ cannot be reached")
    assert submit("--context", "here", "--no-wait").exit_code == 0
    listed = tenure("schedule", "--list", "--context", "here")
    assert (listed.exit_code, listed.stdout) == (0, "no schedule yet\n")
    fails(submit("--context", "nope"), 2, f"no context 'nope' in the kubeconfig {path}; there are gone, here")
    fails(submit("--context", "here", "--endpoint", kubeflow.url), 2, "exclude each other: give one")


def test_a_cluster_without_kubeflow_and_a_user_who_may_not(kubeflow, write):
    write()
    kubeflow.behind = "/elsewhere"
    fails(submit(), 2, 'no Kubeflow Pipelines in namespace kubeflow of http.*services "ml-pipeline" not found')
    kubeflow.behind = f"/{SERVICE}"
    kubeflow.answer = lambda *_: (403, {"message": 'services "ml-pipeline:8888" is forbidden: User "ada" cannot get'})
    fails(submit(), 3, r"forbids \(403\): services .* is forbidden: User .ada. cannot get")


@pytest.mark.parametrize("text", ["{", "[]", "", "kind: Config\ncurrent-context: a\ncontexts: []\n"])
def test_a_kubeconfig_that_names_no_cluster(kubeflow, write, text):
    path = write()
    path.write_text(text)
    fails(submit(), 2, f"the kubeconfig {path} names no cluster .*; correct it, or give --endpoint")
    path.unlink()
    fails(submit(), 2, f"the kubeconfig {path} names no cluster .*; correct it, or give --endpoint")
