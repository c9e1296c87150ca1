"""Common clients against the model server, and invalid gRPC messages."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from server_process import Server, offline, server, texts, typed

from tenure import bundle
from tenure.protocol import infer_request, predictions

pytestmark = pytest.mark.slow


def test_kserve_rest_client(server: Server, offline: bundle.Bundle, typed: dict) -> None:
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    request = InferRequest(
        "telco",
        [
            InferInput(entry["name"], entry["shape"], entry["datatype"], entry["data"])
            for entry in infer_request(typed)["inputs"]
        ],
    )

    async def ask() -> Any:
        client = InferenceRESTClient(RESTConfig(protocol="v2"))
        try:
            assert await client.is_server_ready(server.url)
            assert await client.is_model_ready(server.url, "telco")
            return await client.infer(server.url, request, model_name="telco")
        finally:
            await client.close()

    answer = asyncio.run(ask())
    found = answer.get_output_by_name("probability").data
    assert np.abs(np.array(found) - offline.predict(typed).probability).max() <= 1e-9


@pytest.mark.parametrize("raw", [False, True])
def test_kserve_grpc_client(server: Server, offline: bundle.Bundle, typed: dict, raw: bool) -> None:
    from kserve import InferenceGRPCClient, InferInput, InferRequest

    inputs = []
    for entry in infer_request(typed)["inputs"]:
        data = [float("nan") if value is None else value for value in entry["data"]]
        tensor = InferInput(entry["name"], entry["shape"], entry["datatype"], data)
        if raw:
            kind = {"BYTES": object, "FP64": float, "INT64": np.int64, "BOOL": bool}[entry["datatype"]]
            tensor.set_data_from_numpy(np.array(data, dtype=kind), binary_data=True)
        inputs.append(tensor)
    request = InferRequest("telco", inputs, parameters={"explain": 2, "threshold": "0.0"})

    async def ask() -> Any:
        client = InferenceGRPCClient(f"127.0.0.1:{server.grpc_port}")
        try:
            assert await client.is_server_ready()
            assert await client.is_model_ready("telco")
            return await client.infer(request, headers=(("x-request-id", "grpc-1"),))
        finally:
            await client.close()

    answer = asyncio.run(ask())
    found = answer.get_output_by_name("probability").as_numpy()
    assert np.abs(found - offline.predict(typed).probability).max() <= 1e-9
    assert answer.get_output_by_name("decision").as_numpy().all()
    assert answer.get_output_by_name("reasons").shape == [20, 2]
    assert (answer.id, answer.model_version) == ("grpc-1", offline.version)


def triton_inputs(module: Any, typed: dict, **form: Any) -> list:
    inputs = []
    for entry in infer_request(typed)["inputs"]:
        kind = {"BYTES": object, "FP64": float, "INT64": np.int64, "BOOL": bool}[entry["datatype"]]
        tensor = module.InferInput(entry["name"], [20, 1], entry["datatype"])
        tensor.set_data_from_numpy(np.array(entry["data"], dtype=kind).reshape(20, 1), **form)
        inputs.append(tensor)
    return inputs


def test_triton_http_client(server: Server, offline: bundle.Bundle, typed: dict) -> None:
    import tritonclient.http as triton

    expected = offline.predict(typed).probability
    with triton.InferenceServerClient(f"127.0.0.1:{server.http_port}") as client:
        assert client.is_server_live()
        assert client.get_model_metadata("telco")["versions"] == [offline.version]
        for in_binary in (True, False):
            answer = client.infer(
                "telco",
                triton_inputs(triton, typed, binary_data=in_binary),
                model_version=offline.version if in_binary else "",
                outputs=[triton.InferRequestedOutput(name, binary_data=in_binary) for name in ("probability", "band")],
            )
            assert np.abs(answer.as_numpy("probability") - expected).max() <= 1e-9
            assert [text.decode() if isinstance(text, bytes) else text for text in answer.as_numpy("band")][:1] == [
                offline.predict(typed).band[0]
            ]
        with pytest.raises(triton.InferenceServerException, match="no model 'other'"):
            client.infer("other", triton_inputs(triton, typed))
        with pytest.raises(triton.InferenceServerException, match="'SeniorCitizen' is missing"):
            client.infer("telco", triton_inputs(triton, typed)[1:])


def test_triton_grpc_client(server: Server, offline: bundle.Bundle, typed: dict) -> None:
    program = Path(__file__).with_name("triton_grpc.py")
    done = subprocess.run(
        [sys.executable, str(program), f"127.0.0.1:{server.grpc_port}"],
        input=json.dumps(infer_request(typed)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert np.abs(np.array(told["probability"]) - offline.predict(typed).probability).max() <= 1e-9
    assert (told["ready"], told["versions"], told["inputs"]) == (True, [offline.version], 18)
    assert re.search("NOT_FOUND.*no model 'other'", told["other"])
    assert re.search("INVALID_ARGUMENT.*'SeniorCitizen' is missing", told["missing"])
    assert "cannot be unloaded" in told["unload"]
    assert told["still_ready"]


def test_curl(server: Server, typed: dict, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    (tmp_path / "body.json").write_text(json.dumps(infer_request(typed, explain=1)))
    url = f"{server.url}/v2/models/telco/infer"
    done = subprocess.run(
        ["curl", "--silent", "--fail", "--noproxy", "*", "--data", f"@{tmp_path / 'body.json'}", url],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert len(predictions(json.loads(done.stdout))) == 20


def grpc_call(server: Server, raw: bytes, method: str = "ModelInfer") -> Any:
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary(f"/inference.GRPCInferenceService/{method}", None, None)
        with pytest.raises(grpc.RpcError) as caught:
            call(raw, timeout=20)
    return caught.value


def test_invalid_grpc_messages(server: Server, typed: dict) -> None:
    import grpc
    from kserve import InferInput, InferRequest

    entries = infer_request(typed)["inputs"]
    fine = InferRequest(
        "telco",
        [
            InferInput(e["name"], e["shape"], e["datatype"], [0.0 if value is None else value for value in e["data"]])
            for e in entries
        ],
    ).to_grpc()
    whole = fine.SerializeToString()
    for cut in range(1, 12):
        error = grpc_call(server, whole[: len(whole) * cut // 12])
        assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND), error.details()
        assert "\n" not in error.details()
    for raw in (b"\xff" * 50, b"\x0a\x02\xc3\x28", b"\x0a\x05telco"):
        assert grpc_call(server, raw).code() is grpc.StatusCode.INVALID_ARGUMENT

    def refused(change: Callable[[Any], object]) -> str:
        message = type(fine)()
        message.CopyFrom(fine)
        change(message)
        error = grpc_call(server, message.SerializeToString())
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, error.details()
        return error.details()

    assert "raw input contents" in refused(lambda message: message.raw_input_contents.append(b"x"))
    both = refused(lambda message: message.raw_input_contents.extend([b""] * len(message.inputs)))
    assert "both contents and raw input contents" in both
    assert "unknown datatype 'FP99'" in refused(lambda message: setattr(message.inputs[3], "datatype", "FP99"))
    assert "FP16 comes as raw" in refused(lambda message: setattr(message.inputs[3], "datatype", "FP16"))
    assert "contents have 20" in refused(lambda message: message.inputs[3].shape.__setitem__(0, 21))
    assert "'explian'" in refused(lambda message: message.parameters["explian"].__setattr__("int64_param", 3))
    assert "'explain' is '3'" in refused(lambda message: message.parameters["explain"].__setattr__("string_param", "3"))
    assert "row 1" in refused(lambda message: message.inputs[5].contents.bytes_contents.__setitem__(0, b"\xff"))
    assert grpc_call(server, b" " * (33 * 2**20)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc_call(server, b"", "Nothing").code() is grpc.StatusCode.UNIMPLEMENTED
