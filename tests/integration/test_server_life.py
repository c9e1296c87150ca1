"""Start, drain and workers of the model server."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from server_process import Server, command, started, texts, typed

from tenure.protocol import get_json, infer_request, post_json, predictions

pytestmark = pytest.mark.slow


def fails(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(command(*arguments), check=False, capture_output=True, text=True, timeout=90)
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return done.returncode, json.loads(lines[0])


def test_a_changed_bundle_ends_the_process_with_one_line(small_bundle: Any, tmp_path: Path) -> None:
    shutil.copytree(small_bundle.folder, tmp_path / "bundle")
    (tmp_path / "bundle" / "model.onnx").write_bytes(b"x" * (tmp_path / "bundle" / "model.onnx").stat().st_size)
    status, line = fails("--model", f"good={small_bundle.folder}", "--model", f"bad={tmp_path / 'bundle'}")
    assert (status, line["level"]) == (2, "error")
    assert "model.onnx was changed" in line["message"]


def test_no_bundle_at_all(tmp_path: Path) -> None:
    status, line = fails("--model", f"telco={tmp_path / 'nothing'}")
    assert (status, "there is no such folder" in line["message"]) == (2, True)


@pytest.mark.parametrize("option", ["--http-port", "--grpc-port"])
def test_a_taken_port_ends_the_process_with_one_line(small_bundle: Any, option: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, line = fails("--model", f"telco={small_bundle.folder}", option, str(port))
    assert status == 6
    assert f"cannot listen on 127.0.0.1:{port}" in line["message"]


def test_several_models_and_no_grpc(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    other = ("--model", f"other={small_bundle.folder}", "--no-grpc")
    with started(small_bundle.folder, tmp_path / "log", *other) as server:
        assert (server.grpc_port, set(server.ready["models"])) == (None, {"telco", "other"})
        for name in ("telco", "other"):
            answer = post_json(f"{server.url}/v2/models/{name}/infer", infer_request(typed), timeout_s=20)
            assert answer["model_name"] == name


def test_sigterm_finishes_what_was_begun(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    """Under load during the signal, each request on an accepted connection is answered."""
    with started(small_bundle.folder, tmp_path / "log") as server:
        big = infer_request({name: values * 100 for name, values in typed.items()}, explain=3)
        answers: list[int] = []

        def ask() -> None:
            answers.append(len(predictions(server.infer(big))))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        # All four have been read by then, none answered: 2,000 rows with reasons take longer.
        time.sleep(0.4)
        assert answers == []
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(timeout=60)
        assert answers == [2000] * 4
        assert server.process.wait(timeout=40) == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.http_port), timeout=2)


def test_workers_share_the_ports_and_are_replaced(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    import grpc

    with started(small_bundle.folder, tmp_path / "log", "--workers", "2") as server:
        one = infer_request({name: values[:1] for name, values in typed.items()})
        children = workers_of(server.process.pid)
        assert len(children) == 2
        for _ in range(20):
            assert len(predictions(server.infer(one))) == 1
        # Whichever worker is asked knows what all of them did.
        assert [answered(server) for _ in range(6)] == [20.0] * 6
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            ready = channel.unary_unary("/inference.GRPCInferenceService/ServerReady", None, None)
            assert ready(b"", timeout=20) == b"\x08\x01"
        os.kill(children[0], signal.SIGKILL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            now = workers_of(server.process.pid)
            if len(now) == 2 and children[0] not in now:
                break
            time.sleep(0.1)
        assert len(now) == 2
        assert children[0] not in now
        for _ in range(20):
            assert len(predictions(server.infer(one))) == 1
        # A request is counted just after its answer is sent.
        deadline = time.monotonic() + 5
        while answered(server) < 40.0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [answered(server) for _ in range(6)] == [40.0] * 6
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=40) == 0
        for child in now:
            with pytest.raises(ProcessLookupError):
                os.kill(child, 0)


def answered(server: Server) -> float:
    """The number of requests with status 200, scraped on a new connection."""
    line = next(line for line in server.metrics().splitlines() if line.startswith('tenure_requests_total{code="200"'))
    return float(line.split()[-1])


def workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children")
    return [int(child) for child in children.read_text().split()]


def test_readiness_follows_the_ready_line(small_bundle: Any, tmp_path: Path) -> None:
    with started(small_bundle.folder, tmp_path / "log") as server:
        assert get_json(f"{server.url}/v2/models/telco/ready", timeout_s=20)["ready"] is True
        assert server.ready["pid"] == server.process.pid


def test_a_prediction_log_that_cannot_be_written_ends_the_process_with_one_line(
    small_bundle: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    model = ("--model", f"telco={small_bundle.folder}", "--prediction-log")
    for workers in ("1", "2"):
        status, line = fails(*model, str(tmp_path / "file" / "log"), "--workers", workers)
        assert (status, line["level"]) == (5, "error")
        assert f"cannot write to {tmp_path / 'file' / 'log'}" in line["message"]


def test_a_prediction_log_in_a_wrong_bucket_ends_the_process(
    small_bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be reached does not: servers start while the store is away."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name, value in (("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "a"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    address = ":".join(map(str, store.get_host_and_port()))
    client = boto3.client("s3", endpoint_url=f"http://{address}")
    client.create_bucket(Bucket="logs")
    query = f"scheme=http&endpoint_override={address}"
    model = ("--model", f"telco={small_bundle.folder}", "--prediction-log")
    status, line = fails(*model, f"s3://nothing/log?{query}", "--workers", "2")
    assert (status, line["level"]) == (3, "error")
    assert "cannot write to s3://nothing/log" in line["message"]
    with started(small_bundle.folder, tmp_path / "log", "--prediction-log", f"s3://logs/log?{query}"):
        assert [item["Key"] for item in client.list_objects_v2(Bucket="logs")["Contents"]] == ["log/.writable"]
    store.stop()
    with started(small_bundle.folder, tmp_path / "log", "--prediction-log", f"s3://logs/log?{query}") as server:
        assert get_json(f"{server.url}/v2/health/ready", timeout_s=5)["ready"] is True
    assert "rows wait for it" in (tmp_path / "log").read_text()


def test_file_descriptors_that_run_out(small_bundle: Any, tmp_path: Path, typed: dict) -> None:
    """Connections are refused, the log and a metric say so, and the server recovers."""
    one = infer_request({name: values[:1] for name, values in typed.items()})
    with started(small_bundle.folder, tmp_path / "log") as server:
        pid = server.process.pid
        limit = len(list(Path(f"/proc/{pid}/fd").iterdir())) + 30
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={limit}:{limit}"], check=True)
        for _ in range(2):
            clients = [socket.create_connection(("127.0.0.1", server.http_port), timeout=10) for _ in range(100)]
            time.sleep(1.0)
            refused = 0
            for client in clients:
                client.settimeout(0.05)
                with contextlib.suppress(TimeoutError, ConnectionResetError):
                    refused += client.recv(2000).startswith(b"HTTP/1.1 503 ")
            assert refused >= 60
            for client in clients:
                client.close()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    assert len(predictions(server.infer(one))) == 1
                    break
                except Exception:
                    time.sleep(0.1)
            assert len(predictions(server.infer(one))) == 1
        metrics = server.metrics()
    counted = next(line for line in metrics.splitlines() if '{reason="descriptors"}' in line)
    assert float(counted.split()[-1]) >= 120
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    said = [line for line in lines if "file descriptors run out" in line["message"]]
    assert [line["level"] for line in said] == ["error"], "one line in ten seconds"
    assert said[0]["limit"] == limit
