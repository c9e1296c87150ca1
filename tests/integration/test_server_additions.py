"""Outputs of additions by a server process: in its metadata, in answers that name them, and in `tenure predict`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bundle_variants import clustered
from server_process import Server, started

from pipelines.local.prediction import LocalPredictor, RemotePredictor
from tenure import bundle
from tenure.protocol import get_json, infer_request, post_json

pytestmark = pytest.mark.slow
ROWS = 20


@pytest.fixture(scope="module")
def folder(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clustered") / "bundle"
    clustered(small_bundle.folder, made)
    return made


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(folder, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


def test_a_request_gets_them_by_name(server: Server, folder: Path, small_bundle: Any) -> None:
    loaded = bundle.read(folder)
    columns = {name: small_bundle.rows[name].to_pylist()[:ROWS] for name in loaded.contract.inputs}
    added = loaded.predict(columns, additions=True).added
    assert added is not None
    metadata = get_json(f"{server.url}/v2/models/telco", timeout_s=20)
    assert metadata["outputs"][-1] == {"name": "cluster", "datatype": "BYTES", "shape": [-1]}
    for count in (1, ROWS):
        rows = {name: values[:count] for name, values in columns.items()}
        plain = server.infer(infer_request(rows))
        assert "cluster" not in [output["name"] for output in plain["outputs"]]
        (output,) = server.infer(infer_request(rows, outputs=["cluster"]))["outputs"]
        assert output == {"name": "cluster", "shape": [count], "datatype": "BYTES", "data": added["cluster"][:count]}
        instances = [{name: values[row] for name, values in rows.items()} for row in range(count)]
        body = {"instances": instances, "parameters": {"outputs": ["cluster", "band"]}}
        answer = post_json(f"{server.url}/v1/models/telco:predict", body, timeout_s=20)
        assert [row["cluster"] for row in answer["predictions"]] == added["cluster"][:count]


def test_predict_shows_the_same_from_the_server_and_from_the_bundle(
    server: Server, folder: Path, small_bundle: Any
) -> None:
    loaded = bundle.read(folder)
    names = list(loaded.contract.inputs)
    records = [{name: small_bundle.rows[name][row].as_py() for name in names} for row in range(ROWS)]
    remote = RemotePredictor.connect(server.url, None)
    for explain in (0, 2):
        ours = LocalPredictor(loaded).predict(records, explain=explain, threshold=None)
        theirs = remote.predict(records, explain=explain, threshold=None)
        assert [row["additions"] for row in theirs] == [row["additions"] for row in ours]
        assert json.loads(json.dumps(theirs))[0].keys() == json.loads(json.dumps(ours))[0].keys()
