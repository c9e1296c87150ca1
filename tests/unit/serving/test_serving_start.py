"""Command line, imports, logs and sockets of the model server."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serving.lifecycle import arguments
from serving.listening.sockets import listen, refuse_new_connections, reserve
from serving.observation import logs
from tenure.errors import ServingError
from tenure.protocol import infer_request


def test_arguments() -> None:
    given = arguments.parse(["--model", "a=x", "--model", "b=y=z", "--no-grpc", "--http-port", "0", "--workers", "2"])
    assert given.models == {"a": Path("x"), "b": Path("y=z")}
    assert (given.http_port, given.grpc_port, given.workers, given.threads) == (0, None, 2, 1)
    assert arguments.parse(["--model", "a=x"]).grpc_port == 8081


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--model", "telco"],
        ["--model", "=x"],
        ["--model", "a/b=x"],
        ["--model", "a=x", "--model", "a=y"],
        ["--model", "a=x", "--http-port", "65536"],
        ["--model", "a=x", "--http-port", "http"],
        ["--model", "a=x", "--workers", "0"],
        ["--model", "a=x", "--grace-s", "-1"],
        ["--model", "a=x", "--grace-s", "nan"],
        ["--model", "a=x", "--drain-s", "3601"],
        ["--model", "a=x", "--watch-s", "0"],
        ["--model", "a=x", "--tls-cert", "x"],
        ["--model", "a=x", "--tls-key", "x"],
        ["--model", "a=x", "--max-rows", "0"],
        ["--mod", "a=x"],
    ],
)
def test_arguments_that_cannot_hold(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments.parse(argv)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--http-port", "http", "'http' is not a port number from 0 to 65535"),
        ("--http-port", "65536", "'65536' is not a port number from 0 to 65535"),
        ("--http-port", "-1", "'-1' is not a port number from 0 to 65535"),
        ("--grpc-port", "8_0", "'8_0' is not a port number"),
        ("--grpc-port", "", "'' is not a port number"),
        ("--grpc-port", "\u0661", "is not a port number"),
        ("--grpc-port", "9" * 5_000, "is not a port number"),
        ("--workers", "two", "'two' is not a whole number from 1 on"),
        ("--workers", "1.5", "'1.5' is not a whole number from 1 on"),
        ("--max-rows", "1e3", "'1e3' is not a whole number from 1 on"),
        ("--cache-entries", "-1", "'-1' is not a whole number from 0 on"),
        ("--drain-s", "soon", "'soon' is not a number of seconds from 0 to 3600"),
        ("--timeout-s", "0", "'0' is not a number of seconds above 0"),
        ("--timeout-s", "inf", "'inf' is not a number of seconds above 0"),
        ("--watch-s", "0", "'0' is not a number of seconds from 0.1"),
        ("--watch-s", "x", "'x' is not a number of seconds from 0.1"),
        ("--slow-ms", "fast", "'fast' is not a number from 0 on"),
        ("--slow-ms", "nan", "'nan' is not a number from 0 on"),
        ("--rate-limit", "x", "'x' is not a number from 0 on"),
        ("--rate-limit", "inf", "0 stands for any number of requests"),
        ("--prediction-log-flush-s", "x", "'x' is not a number of seconds from 0.1"),
    ],
)
def test_a_value_that_is_no_number_is_said_in_words(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments.parse(["--model", "a=x", f"{option}={value}", "--prediction-log", "x"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert (caught.value.code, f"argument {option}: " in said, message in said) == (2, True, True), said


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.split()


def test_the_command_line_is_read_before_kserve_and_grpc_are_imported() -> None:
    """KServe must be imported without unused modules, and gRPC after its log lines are switched off."""
    heavy = ("kserve", "grpc", "pandas")
    assert run(f"import sys, serving.lifecycle.app; print(*[name for name in {heavy} if name in sys.modules])") == []


def test_kserve_comes_without_the_cluster_client_and_pandas() -> None:
    heavy = ("pandas", "kubernetes", "sklearn", "xgboost", "mlflow", "kfp", "onnx", "httpx", "pyarrow.compute")
    code = (
        "import sys; sys.argv = ['x', '--workers', 'none of kserve']\n"
        "from serving.kserve_import import import_kserve; import_kserve()\n"
        "import serving.lifecycle.server, serving.inference.model\n"
        f"print(*[name for name in {heavy} if name in sys.modules], 'argv' if len(sys.argv) == 3 else '')"
    )
    assert run(code) == ["argv"]


def test_a_server_answers_before_kserve_fastapi_and_arrow_are_imported(small_bundle: Any, tmp_path: Path) -> None:
    """As long as requests are inference without dates, health and metrics."""
    late = ("fastapi", "pydantic.v1", "starlette", "psutil", "cloudevents", "pyarrow", "pandas", "kserve.errors")
    code = f"""
import json, os, sys, threading, urllib.request
from pathlib import Path

folder, body = sys.argv[1], Path(sys.argv[2]).read_bytes()
sys.argv = ["serving"]
import serving.__main__
from serving.lifecycle import app

def imported():
    return sorted(name for name in {late} if name in sys.modules)

def announce(grpc_port, *, http_port, versions):
    threading.Thread(target=ask, args=(http_port,)).start()

def ask(port):
    at = f"http://127.0.0.1:{{port}}/v2"
    infer = urllib.request.Request(f"{{at}}/models/telco/infer", body, {{"Content-Type": "application/json"}})
    answers = [urllib.request.urlopen(infer, timeout=30).status, imported()]
    for path in ("health/live", "health/ready", "models/telco/ready", "../metrics"):
        answers.append(urllib.request.urlopen(f"{{at}}/{{path}}".replace("/v2/..", ""), timeout=30).status)
    answers.append(imported())
    answers.append(urllib.request.urlopen(f"{{at}}/models/telco", timeout=30).status)
    answers.append("fastapi" in imported())
    print(json.dumps(answers), flush=True)
    os.kill(os.getpid(), 15)

app._announce = announce
words = ["--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", "--drain-s", "0"]
sys.exit(app.main(["--model", f"telco={{folder}}", *words]))
"""
    columns = {name: small_bundle.rows[name].to_pylist()[:1] for name in small_bundle.rows.column_names}
    body = tmp_path / "request.json"
    body.write_text(json.dumps(infer_request(columns)))
    arguments = [sys.executable, "-c", code, str(small_bundle.folder), str(body)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == [200, [], 200, 200, 200, 200, [], 200, True]


def test_pandas_can_be_imported_later() -> None:
    code = (
        "from serving.kserve_import import import_kserve; import_kserve()\n"
        "import pandas, kserve.api.kserve_client\n"
        "print(pandas.DataFrame({'a': [1]}).shape[0], kserve.api.kserve_client.KServeClient.__name__)"
    )
    assert run(code) == ["1", "KServeClient"]


def test_pyarrow_leaves_pandas_alone() -> None:
    code = (
        "import sys\n"
        "from tenure.startup import keep_pandas_out; keep_pandas_out()\n"
        "import pyarrow as pa; made = pa.array([1, None])\n"
        "print('pandas' in sys.modules, len(made))\n"
        "import pandas; print(pandas.DataFrame({'a': [1]}).shape[0])"
    )
    assert run(code) == ["False", "2", "1"]


def test_a_log_line_is_json_with_the_requests_id() -> None:
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "two\nlines %s", ("ä",), None)
    record.fields = {"status": 400}
    token = logs.request_id.set("id-1")
    try:
        line = logs.JsonFormatter().format(record)
    finally:
        logs.request_id.reset(token)
    assert "\n" not in line
    found = json.loads(line)
    assert {key: found[key] for key in ("level", "message", "request_id", "status")} == {
        "level": "warning",
        "message": "two\nlines ä",
        "request_id": "id-1",
        "status": 400,
    }
    assert "request_id" not in json.loads(logs.JsonFormatter().format(record))


@pytest.mark.parametrize("given", ["abc-1", "x" * 128])
def test_a_valid_request_id_is_kept(given: str) -> None:
    assert logs.take_or_make_id(given) == given


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "line\nbreak", "ümlaut", "a\x00"])
def test_a_bad_request_id_is_replaced(given: str | None) -> None:
    made = logs.take_or_make_id(given)
    assert made != given
    assert len(made) == 32


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServingError, match=f"cannot listen on 127.0.0.1:{port}"):
            listen("127.0.0.1", port)
        with pytest.raises(ServingError, match=f"cannot listen on 127.0.0.1:{port}"):
            reserve("127.0.0.1", port)
    with pytest.raises(ServingError, match="cannot listen on no such host"):
        listen("no such host", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="socket filters are Linux's")
def test_a_closed_listener_keeps_its_queue() -> None:
    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()
    with socket.create_connection(address, timeout=5) as begun, socket.create_connection(address, timeout=5) as queued:
        taken, _ = listener.accept()
        queued.sendall(b"asked")
        refuse_new_connections(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, timeout=0.2)
        begun.sendall(b"more")
        assert taken.recv(10) == b"more"
        late, _ = listener.accept()
        assert late.recv(10) == b"asked"
        taken.close()
        late.close()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
