"""Requests to a model whose features depend on the day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from signups import AS_OF, gym

from serving.inference.answer_cache import AnswerCache
from serving.inference.model import ChurnModel
from serving.observation.prediction_log.rows import Entry, RowMaker
from serving.v1 import V1Exchange
from serving.v2.errors import RequestError
from serving.v2.query import Query
from serving.v2.rest import read_body, read_request
from tenure import Model

__all__ = ["gym"]

ROW = {"joined": "24.11.2025", "visits": 5}


def body(**more: Any) -> bytes:
    return json.dumps({"instances": [ROW | more]}).encode()


def v2_body(*days: str | None) -> bytes:
    rows = max(len(days), 1)
    columns = {"joined": ("BYTES", ROW["joined"]), "visits": ("INT64", ROW["visits"])}
    inputs = [{"name": n, "datatype": kind, "shape": [rows], "data": [v] * rows} for n, (kind, v) in columns.items()]
    if days:
        inputs.append({"name": "_today", "datatype": "BYTES", "shape": [rows], "data": list(days)})
    return json.dumps({"inputs": inputs}).encode()


def read_v1(model: ChurnModel, sent: bytes) -> Query:
    return V1Exchange(sent).read(model)


def read_v2(model: ChurnModel, sent: bytes) -> Query:
    return model.query(read_request(read_body(sent, None))[0])


class Clock:
    """A day that tests change."""

    def __init__(self) -> None:
        self.day = date(2026, 12, 1)
        self.asked = 0

    def __call__(self) -> date:
        self.asked += 1
        return self.day


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def model(gym: Model, clock: Clock) -> ChurnModel:
    return ChurnModel("gym", gym.bundle, clock)


def offline(gym: Model, day: date) -> float:
    rows = {name: [value] for name, value in ROW.items()}
    return float(gym.bundle.predict(rows, day=day).score[0])


def test_a_request_without_a_day_is_of_the_servers_day(model: ChurnModel, clock: Clock, gym: Model) -> None:
    for query in (
        model.one_row.read(v2_body()),
        read_v1(model, body()),
        read_v2(model, v2_body()),
    ):
        assert query is not None
        dated = model.dated(query)
        assert dated.columns["_today"] == [clock.day]
        assert model.predict_query(dated).score[0] == offline(gym, clock.day)
        assert model.bundle.predict_each([dated.columns])[0].score[0] == offline(gym, clock.day)  # type: ignore[union-attr]
    assert offline(gym, clock.day) != offline(gym, AS_OF)


def test_a_request_may_name_its_day(model: ChurnModel, gym: Model) -> None:
    for query in (model.one_row.read(v2_body("2026-11-30")), read_v1(model, body(_today="2026-11-30"))):
        assert query is not None
        assert model.predict_query(model.dated(query)).score[0] == offline(gym, AS_OF)
    with pytest.raises(RequestError, match="column '_today', row 1: 'soon' is not a date"):
        model.dated(read_v1(model, body(_today="soon")))


def test_all_rows_of_a_request_have_one_day_of_the_server(model: ChurnModel, clock: Clock) -> None:
    query = model.dated(read_v2(model, v2_body(None, "2026-11-30", None)))
    assert query.columns["_today"] == [clock.day, AS_OF, clock.day]
    assert clock.asked == 1


def test_an_answer_is_kept_for_its_day(model: ChurnModel, clock: Clock) -> None:
    cache = AnswerCache(10, 60.0)
    query = model.dated(read_v1(model, body()))
    cache.put(model, query, model.predict_query(query))
    assert cache.get(model, query) is not None
    clock.day = date(2026, 12, 2)
    assert cache.get(model, model.dated(read_v1(model, body()))) is None


def test_the_log_holds_the_day(model: ChurnModel, clock: Clock) -> None:
    query = model.dated(read_v1(model, body()))
    maker = RowMaker("gym", model.bundle.contract, None)
    maker.add(Entry(model, "r", 0.0, query.columns, None, model.predict_query(query), False), 0, 1)
    assert maker.batch().to_pylist()[0]["inputs"] == ROW | {"_today": clock.day.isoformat()}


def test_metadata_and_documentation_name_the_optional_day(model: ChurnModel) -> None:
    from serving.http.openapi.document import document
    from serving.http.openapi.page import page

    assert [entry["name"] for entry in model.input_types()] == ["joined", "visits", "_today"]
    described = document([model], "http://localhost")
    rows = described["paths"]["/v1/models/gym:predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    row = rows["properties"]["instances"]["items"]
    assert row["required"] == ["joined", "visits"]
    assert row["properties"]["_today"]["format"] == "date"
    assert "Day of the prediction" in page([model], "http://localhost")


def test_a_model_without_today_ignores_the_day(small_bundle: Any) -> None:
    from tenure import bundle

    plain = ChurnModel("telco", bundle.read(small_bundle.folder))
    assert not plain.uses_today
    row = {name: small_bundle.rows[name][0].as_py() for name in plain.bundle.contract.inputs}
    bodies = [{"instances": [row | more]} for more in ({}, {"_today": "2026-11-30"})]
    queries = [read_v1(plain, json.dumps(sent).encode()) for sent in bodies]
    assert queries[0].columns == queries[1].columns
