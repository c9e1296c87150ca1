"""The fast path of one row over HTTP gives the same requests and answers as the general path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.v2 import rest as wire
from serving.v2.answer import output_tensors
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError
from serving.v2.one_row import OneRowReader, rest_writer
from serving.v2.query import Query
from tenure import bundle
from tenure.bundle import Bundle
from tenure.protocol import infer_request


@pytest.fixture(scope="module")
def loaded(small_bundle: Any) -> Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture(scope="module")
def row(small_bundle: Any) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:1] for name in small_bundle.rows.column_names}


def general(loaded: Bundle, body: bytes) -> Query:
    request, in_binary = wire.read_request(wire.read_body(body, None))
    columns, rows, customers = ColumnNames(loaded.contract).columns(request.tensors)
    assert in_binary == frozenset()
    return Query(columns, rows, request.options, request.outputs, request.id, customers)


def test_the_usual_request_is_read_the_short_way(loaded: Bundle, row: dict[str, list]) -> None:
    reader = OneRowReader(loaded.contract)
    body = orjson.dumps(infer_request(row, request_id="7"))
    found = reader.read(body)
    assert found == general(loaded, body)
    assert found is not None
    assert (found.customers, found.id) == (row["customerID"], "7")
    assert reader.read(orjson.dumps(infer_request(row, explain=1))) is None
    assert reader.read(orjson.dumps(infer_request({name: values * 2 for name, values in row.items()}))) is None


WORTH = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.just([1]), st.just({}),
)  # fmt: skip
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(st.sampled_from(["tenure", "Contract", "gender", "Churn", "nothing"]), WORTH),
        "datatype": st.one_of(
            st.sampled_from(["BYTES", "BOOL", "INT8", "INT64", "UINT64", "FP64", "FP16", "X"]), WORTH
        ),
        "shape": st.one_of(st.sampled_from([[1], [1, 1], [2], [], [1.0], [True], [1, 1, 1]]), WORTH),
        "data": st.one_of(st.lists(WORTH, max_size=2), WORTH),
        "parameters": st.sampled_from([{}, {"binary_data_size": 1}, {"x": 1}]),
    },
)
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "id": WORTH,
        "parameters": st.sampled_from([{}, None, 0, [], {"threshold": 0.5}, {"nothing": 1}]),
        "outputs": st.sampled_from([[], None, 0, "", [{"name": "band"}]]),
        "priority": WORTH,
    },
)


@settings(max_examples=examples(200))
@given(place=st.integers(0, 19), change=MEMBERS, others=OTHERS, drop=st.booleans())
def test_the_fast_path_reads_as_the_general_path(
    loaded: Bundle, row: dict[str, list], place: int, change: dict, others: dict, drop: bool
) -> None:
    document = infer_request(row) | others
    if drop:
        del document["inputs"][place]
    else:
        document["inputs"][place] = document["inputs"][place] | change
    body = orjson.dumps(document)
    found = OneRowReader(loaded.contract).read(body)
    if found is not None:
        assert found == general(loaded, body)


def test_what_is_wrong_is_left_to_the_general_way(loaded: Bundle, row: dict[str, list]) -> None:
    body = orjson.dumps(infer_request({name: values for name, values in row.items() if name != "tenure"}))
    assert OneRowReader(loaded.contract).read(body) is None
    with pytest.raises(RequestError, match="'tenure' is missing"):
        general(loaded, body)


@settings(max_examples=examples(60))
@given(probability=st.floats(0, 1), answer_id=st.text(max_size=20), threshold=st.sampled_from([0.0, 0.5, 1.0]))
def test_an_answer_is_the_general_path_s(
    loaded: Bundle, row: dict[str, list], probability: float, answer_id: str, threshold: float
) -> None:
    scored = np.array([probability])
    prediction = replace(loaded.predict(row, threshold=threshold), probability=scored, decision=scored >= threshold)
    writer = rest_writer("telco", loaded)
    outputs = output_tensors(prediction, 0, None)
    expected, _ = wire.write_answer("telco", loaded.version, answer_id, outputs, frozenset())
    for _ in range(2):  # the first cuts the template
        assert writer.write(prediction, answer_id) == expected


def test_a_flag_takes_the_general_way(loaded: Bundle, row: dict[str, list]) -> None:
    prediction = loaded.predict(row | {"MonthlyCharges": ["501"]})
    assert rest_writer("telco", loaded).write(prediction, "1") is None


def test_rows_predicted_together_are_those_predicted_alone(loaded: Bundle, small_bundle: Any) -> None:
    table = small_bundle.rows.slice(0, 30).to_pydict()
    rows = [{name: values[index : index + 1] for name, values in table.items()} for index in range(30)]
    rows[4] = rows[4] | {"tenure": ["many"]}
    rows[9] = rows[9] | {"TotalCharges": [None], "MonthlyCharges": ["501"]}
    found = loaded.predict_each(rows)
    assert str(found.pop(4)) == "column 'tenure', row 1: 'many' is not a whole number"
    del rows[4]
    for together, row in zip(found, rows, strict=True):
        alone = loaded.predict(row)
        assert abs(together.probability[0] - alone.probability[0]) <= 1e-12
        for name in ("decision", "band", "recommendation", "version"):
            assert list(getattr(together, name)) == list(getattr(alone, name))
        for name in ("imputed", "unknown", "out_of_range"):
            assert list(getattr(together, name)) == list(getattr(alone, name))
    assert [str(error)[:15] for error in loaded.predict_each([{"tenure": ["many"]}])] == ["column 'tenure'"]
