"""V1 and the OpenAPI document against the model server."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import http.client
import json
import re
import shlex
import shutil
import subprocess
from typing import Any

import jsonschema
import numpy as np
import pytest
from server_process import Server, offline, server, texts, typed

from tenure import bundle
from tenure.protocol import get_json, infer_request, post_json

pytestmark = pytest.mark.slow


def ask(server: Server, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, content, {"Content-Type": "application/json"})
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found[0], json.loads(found[1])


def rows_of(columns: dict[str, list]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("form", ["texts", "typed"])
def test_v1_answers_are_the_offline_ones(
    server: Server, offline: bundle.Bundle, request: pytest.FixtureRequest, form: str
) -> None:
    columns = request.getfixturevalue(form)
    expected = offline.predict(columns, explain=2)
    document = {"instances": rows_of(columns), "parameters": {"explain": 2}}
    before = counted(server)
    status, answer = ask(server, "POST", "/v1/models/telco:predict", document)
    assert status == 200, answer
    assert counted(server) == before + 1
    assert (answer["model_name"], answer["model_version"]) == ("telco", offline.version)
    rows = answer["predictions"]
    assert [row["probability"] for row in rows] == pytest.approx(expected.probability.tolist(), abs=1e-9)
    assert [row["decision"] for row in rows] == expected.decision.tolist()
    assert [row["band"] for row in rows] == expected.band
    assert [row["reasons"] for row in rows] == [[reason.column for reason in row] for row in expected.reasons]
    for row in rows:
        assert row["confidence"] == (row["probability"] if row["decision"] else 1.0 - row["probability"])
        assert (row["unknown"], row["out_of_range"]) == ([], [])


def counted(server: Server) -> float:
    name = 'tenure_requests_total{code="200",model="telco"} '
    return float(next(line for line in server.metrics().splitlines() if line.startswith(name)).removeprefix(name))


def test_the_server_lists_its_extensions(server: Server) -> None:
    status, answer = ask(server, "GET", "/v2", None)
    assert (status, answer["name"], answer["extensions"]) == (200, "tenure", ["binary_tensor_data", "parameters"])


def test_v1_parameters(server: Server, typed: dict) -> None:
    row = rows_of(typed)[0] | {"TotalCharges": None, "PaymentMethod": "Shells"}
    document = {"instances": [row], "parameters": {"threshold": 1.0, "outputs": ["decision", "imputed", "unknown"]}}
    _, answer = ask(server, "POST", "/v1/models/telco:predict", document)
    assert answer["predictions"] == [{"decision": False, "imputed": ["TotalCharges"], "unknown": ["PaymentMethod"]}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'{"instances": [NaN]}', "a missing number is null"),
        ({}, "'instances' is missing or empty"),
        ({"instances": {}}, "'instances' is missing or empty"),
        ({"instances": [[1, 2]]}, "instance 1 is [1, 2], not a JSON object"),
        ({"instances": [{}]}, "instance 1 has no columns"),
        ({"instances": [{"tenure": [1]}]}, "instance 1: 'tenure' is [1], not one text"),
        ({"instances": [{"tenure": 1}, {"tenure": 1, "x": 1}]}, "instance 2 has 'x', unlike instance 1"),
        ({"instances": [{"tenure": 1, "x": 1}, {"tenure": 1}]}, "instance 2 lacks 'x', unlike instance 1"),
        ({"instances": [{"tenure": 1}]}, "'SeniorCitizen' is missing"),
        ({"instances": [{"tenur": 1}]}, "did you mean 'tenure'"),
        ({"instances": [{"tenure": 1}], "paramters": {}}, "unknown key 'paramters'"),
        ({"instances": [{"tenure": 1}], "parameters": 5}, "'parameters' is not a JSON object"),
        ({"instances": [{"tenure": 1}], "parameters": {"explian": 1}}, "did you mean 'explain'"),
        ({"instances": [{"tenure": 1}], "parameters": {"outputs": "band"}}, "not a list of names"),
        ({"instances": [{"tenure": 1}], "parameters": {"outputs": ["band", "band"]}}, "'band' is given twice"),
    ],
)
def test_invalid_v1_requests(server: Server, change: Any, message: str) -> None:
    status, answer = ask(server, "POST", "/v1/models/telco:predict", change)
    assert (status, set(answer)) == (400, {"error"})
    assert message in answer["error"]
    assert "\n" not in answer["error"]


def test_v1_values_that_are_wrong_name_the_column(server: Server, typed: dict) -> None:
    for value in ("many", 1.5, 2**63):
        document = {"instances": [rows_of(typed)[0] | {"tenure": value}]}
        status, answer = ask(server, "POST", "/v1/models/telco:predict", document)
        assert (status, "'tenure', row 1" in answer["error"]) == (400, True), answer
    assert ask(server, "POST", "/v1/models/other:predict", {"instances": rows_of(typed)})[0] == 404


def test_confidence_by_v2(server: Server, typed: dict) -> None:
    for threshold in (0.0, None, 1.0):
        answer = server.infer(infer_request(typed, threshold=threshold))
        outputs = {output["name"]: np.array(output["data"]) for output in answer["outputs"]}
        probability, decision = outputs["probability"], outputs["decision"]
        assert outputs["confidence"].tolist() == np.where(decision, probability, 1.0 - probability).tolist()
    # The short way of one row, and all of them at once.
    for place in range(20):
        one = server.infer(infer_request({name: values[place : place + 1] for name, values in typed.items()}))
        found = {output["name"]: output["data"][0] for output in one["outputs"]}
        assert found["confidence"] == (found["probability"] if found["decision"] else 1.0 - found["probability"])


def test_the_openapi_document_is_true(server: Server, offline: bundle.Bundle) -> None:
    import openapi_spec_validator

    document = get_json(f"{server.url}/openapi.json", timeout_s=20)
    openapi_spec_validator.validate(document)
    assert document["servers"] == [{"url": server.url}]
    asked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = None
            if method == "post":
                content = operation["requestBody"]["content"]["application/json"]
                body = content["example"]
                jsonschema.validate(body, content["schema"])
            status, answer = ask(server, method.upper(), path, body)
            assert status == 200, (path, answer)
            jsonschema.validate(answer, operation["responses"]["200"]["content"]["application/json"]["schema"])
            asked += 1
    assert asked == 7
    tensors = document["paths"]["/v2/models/telco/infer"]["post"]["requestBody"]["content"]["application/json"]
    names = [entry["title"] for entry in tensors["schema"]["properties"]["inputs"]["items"]["anyOf"]]
    assert names == list(offline.contract.inputs)


def test_the_page_loads_nothing_and_its_commands_work(server: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    import html

    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=20)
    connection.request("GET", "/docs")
    response = connection.getresponse()
    page = response.read().decode()
    connection.close()
    assert (response.status, response.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert not re.search(r"<script|<link|src=|@import|url\(", page)
    assert "Notice period" in page
    commands = [html.unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]
    assert len(commands) == 2
    for command in commands:
        pasted = command.replace("curl -s", "curl -s --fail --noproxy '*'", 1)
        done = subprocess.run(["bash", "-c", pasted], capture_output=True, check=True, timeout=30)
        answer = json.loads(done.stdout)
        outputs = answer.get("outputs") or answer["predictions"]
        flagged = [output for output in outputs if output.get("name") in ("imputed", "unknown", "out_of_range")]
        assert all(output["data"] == [""] for output in flagged)
        assert answer["model_name"] == "telco"
