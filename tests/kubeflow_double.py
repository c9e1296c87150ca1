"""A small Kubeflow Pipelines v2beta1 API over HTTP, for the real client."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.graphs.compilation import COMPILERS


def node(path, phase, message="", ended="2026-11-21T12:00:00Z", kind="Pod"):
    """A node of the workflow behind a run, by its path of Argo's names: ``root.run.ingest.executor(0)``."""
    number = sum(map(ord, path)) * 7919
    named = path.rpartition(".")[2]
    template = "system-container-driver" if "-driver" in named else "retry-system-container-impl"
    return {
        "id": f"tenure-training-x7k2p-{number}",
        "name": f"tenure-training-x7k2p.{path}",
        "displayName": named,
        "type": kind,
        "templateName": template,
        "phase": phase,
        "message": message,
        "finishedAt": ended if phase != "Pending" else None,
    }


def task(step, state, message=None):
    detail = {"task_id": f"id-{step}", "display_name": step, "state": state}
    return detail | ({"error": {"code": 2, "message": message}} if message else {})


class KubeflowDouble:
    """Keeps experiments, runs and recurring runs. A run goes through ``history``, a state a poll.

    It stays in the last. An entry of ``history`` is a run's state and its tasks, or an HTTP status to fail with.
    """

    def __init__(self):
        self.history = [("SUCCEEDED", [task("register", "SUCCEEDED")])]
        self.nodes = []
        """The workflow's, as ``node`` makes them; a list of lists gives one a question."""
        self.packs_nodes = False
        """Whether Argo packs them, as it does past 1 MB."""
        self.logs = {}
        """By pod."""
        self.runs = []
        self.recurring = {}
        self.experiments = {}
        self.token = None
        self.behind = ""
        """Path of an API server's proxy, which alone leads here."""
        self.refuse = None
        self.requests = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, document = double.answer(self.command, self.path, body, self.headers)
                content = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, target, body, headers):
        parts = urlsplit(target)
        self.requests.append((method, parts.path))
        if self.token is not None and headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"error": "Unauthorized", "code": 16, "message": "Unauthenticated: no valid token"}
        if not parts.path.startswith(f"{self.behind}/apis/"):
            text = f'services "ml-pipeline" not found: {parts.path}'
            return 404, {"kind": "Status", "status": "Failure", "message": text, "reason": "NotFound", "code": 404}
        path = parts.path.removeprefix(self.behind).removeprefix("/apis/v2beta1")
        if path == "/healthz":
            return 200, {"multi_user": False}
        if self.refuse is not None and method == "POST" and path in ("/runs", "/recurringruns"):
            return self.refuse
        query = parse_qs(parts.query)
        if path == "/experiments":
            return self._experiments(method, query, body)
        if match := re.fullmatch(r"/apis/v1beta1/runs/[\w-]+", path):
            return 200, {"pipeline_runtime": {"workflow_manifest": json.dumps(self.workflow())}}
        if match := re.fullmatch(r"/apis/v1alpha1/runs/[\w-]+/nodes/([\w-]+)/log", path):
            # The API sends 200 before it knows whether there is a log.
            lost = b'{"error_message":"Failed to read logs from pod"}'
            return 200, self.logs.get(match[1], "").encode() or lost
        if path == "/runs" and method == "POST":
            run = body | {"run_id": str(uuid.uuid4()), "state": "PENDING"}
            self.runs.append(run)
            return 200, run
        if match := re.fullmatch(r"/runs/([\w-]+)", path):
            return self._run(match[1])
        if path == "/recurringruns" or path.startswith("/recurringruns/"):
            return self._recurring(method, path, query, body)
        return 404, {"message": f"Not Found: {target}"}

    def workflow(self):
        nodes = self.nodes
        if nodes and isinstance(nodes[0], list):
            nodes = nodes.pop(0) if len(nodes) > 1 else nodes[0]
        return {
            "metadata": {"name": "tenure-training-x7k2p", "namespace": "kubeflow", "annotations": {}},
            "status": self._status({each["id"]: each for each in nodes}),
        }

    def _status(self, nodes):
        if not self.packs_nodes:
            return {"nodes": nodes}
        return {"compressedNodes": base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()}

    def _experiments(self, method, query, body):
        if method == "POST":
            made = body | {"experiment_id": f"e{len(self.experiments) + 1}"}
            self.experiments[made["display_name"]] = made
            return 200, made
        wanted = json.loads(query["filter"][0])["predicates"][0]
        name = wanted.get("stringValue") or wanted.get("string_value")
        return 200, {"experiments": [self.experiments[name]] if name in self.experiments else []}

    def _run(self, run_id):
        run = next(run for run in self.runs if run["run_id"] == run_id)
        entry = self.history.pop(0) if len(self.history) > 1 else self.history[0]
        if isinstance(entry, int):
            return entry, {"message": "for a moment"}
        state, tasks = entry
        return 200, run | {"state": state, "run_details": {"task_details": tasks}}

    def _recurring(self, method, path, query, body):
        if method == "POST":
            made = body | {"recurring_run_id": str(uuid.uuid4()), "status": "ENABLED"}
            self.recurring[made["recurring_run_id"]] = made
            return 200, made
        if method == "DELETE":
            del self.recurring[path.rpartition("/")[2]]
            return 200, {}
        inside = query.get("experiment_id", [None])[0]
        found = [job for job in self.recurring.values() if inside in (None, job["experiment_id"])]
        # A page holds one, so that who lists has to turn pages.
        at = int(query.get("page_token", [""])[0] or 0)
        following = str(at + 1) if at + 1 < len(found) else ""
        return 200, {"recurringRuns": found[at : at + 1], "next_page_token": following}


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
    monkeypatch.setattr("pipelines.cluster.kubeflow.POLL_S", 0.01)
    double = KubeflowDouble()
    yield double
    double.close()
