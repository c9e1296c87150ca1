"""Rows of tables in requests: how V1 and V2 hold them, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from video_service import CONTRACT

from serving.tables import rows
from serving.v1.request import read_request
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError, TooLargeError
from serving.v2.request import Request
from serving.v2.table_tensors import divided
from serving.v2.tensors import Tensor
from tenure.contract import parse

SESSION = {"started_at": "2026-03-28T20:00", "recorded_at": "2026-03-28T20:00", "session_id": "1", "minutes": 5}


@pytest.fixture(scope="module")
def names() -> ColumnNames:
    return ColumnNames(parse(CONTRACT))


def v1(names: ColumnNames, *instances: Any, **members: Any) -> Request:
    return read_request({"instances": list(instances), **members}, names)


def v2(names: ColumnNames, **tensors: Any) -> Request:
    described = names.tables
    assert described is not None
    sent = [Tensor(name.replace("__", "."), "BYTES", values) for name, values in tensors.items()]
    return divided(Request(sent), described)


def test_v1_divides_customers_from_their_rows(names: ColumnNames) -> None:
    request = v1(
        names,
        {"subscriber_id": "a", "country": "DE", "sessions": [SESSION, {**SESSION, "session_id": "2"}], "payments": []},
        {"subscriber_id": "b", "country": "AT", "payments": [], "sessions": [{**SESSION, "device": "tv"}]},
    )
    assert {tensor.name: tensor.values for tensor in request.tensors} == {
        "subscriber_id": ["a", "b"],
        "country": ["DE", "AT"],
    }
    sessions = request.tables["sessions"]
    assert sessions.owners == [0, 0, 1]
    assert sessions.columns == {
        "started_at": ["2026-03-28T20:00"] * 3,
        "recorded_at": ["2026-03-28T20:00"] * 3,
        "session_id": ["1", "2", "1"],
        "minutes": [5, 5, 5],
    }
    assert [sessions.place_of(row) for row in range(3)] == [
        "instance 1, row 1 of 'sessions'",
        "instance 1, row 2 of 'sessions'",
        "instance 2, row 1 of 'sessions'",
    ]
    assert len(request.tables["payments"]) == 0
    assert request.rows == 2


def test_v1_without_columns_of_the_customers_themselves(names: ColumnNames) -> None:
    request = v1(names, {"sessions": []}, {"sessions": [SESSION]})
    assert (list(request.tensors), request.rows) == ([], 2)


def test_v1_places_after_customers_without_rows(names: ColumnNames) -> None:
    places = v1(names, {"sessions": []}, {"sessions": []}, {"sessions": [SESSION]}).tables["sessions"].place_of
    assert places(0) == "instance 3, row 1 of 'sessions'"


def test_v1_keeps_a_ready_row_as_it_is(names: ColumnNames) -> None:
    request = v1(names, {"country": "DE", "minutes_7": 3.0})
    assert not request.tables
    assert [tensor.name for tensor in request.tensors] == ["country", "minutes_7"]


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        ([{"sessions": []}, {"country": "DE"}], "instance 2 lacks the rows of 'sessions', unlike instance 1: an empty"),
        ([{"country": "DE"}, {"sessions": []}], "instance 1 lacks the rows of 'sessions', unlike instance 2: an empty"),
        ([{"sessions": None}], "instance 1: 'sessions' is None, not a list of rows"),
        ([{"sessions": [SESSION]}, {"sessions": {}}], "instance 2: 'sessions' is {}, not a list of rows"),
        ([{"session": [SESSION]}], "instance 1: no table is called 'session': did you mean 'sessions'?"),
        ([{"visits": [SESSION]}], "no table is called 'visits': there are subscribers, plans, sessions, payments"),
        ([{"sessions": []}, 5], "instance 2 is 5, not a JSON object"),
        ([{"sessions": [SESSION, 7]}], "instance 1, row 2 of 'sessions' is 7, not a JSON object"),
        ([{"sessions": [{**SESSION, "minutes": [1]}]}], "instance 1, row 1 of 'sessions': 'minutes' is [1], not one"),
        ([{"sessions": [{**SESSION, "minuts": 1}]}], "no column 'minuts'; did you mean 'minutes'?"),
        ([{"sessions": [{"started_at": "2026-03-28"}]}], "instance 1, row 1 of 'sessions' lacks 'recorded_at'"),
        (
            [{"subscriber_id": "a", "sessions": [{**SESSION, "subscriber": "b"}]}],
            "instance 1, row 1 of 'sessions': its key 'subscriber' is 'b', the customer's is 'a'",
        ),
    ],
)
def test_v1_refuses(names: ColumnNames, instances: list[Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        v1(names, *instances)
    assert message in str(caught.value)


@pytest.mark.parametrize(("customer", "own"), [(7, 7.0), ("7", 7), (7.0, " 7 ")])
def test_v1_the_same_number_is_the_same_key(names: ColumnNames, customer: Any, own: Any) -> None:
    request = v1(names, {"subscriber_id": customer, "sessions": [{**SESSION, "subscriber": own}]})
    assert len(request.tables["sessions"]) == 1


def test_v1_refuses_a_key_that_is_no_value(names: ColumnNames) -> None:
    with pytest.raises(RequestError, match=r"instance 1: .*subscriber_id"):
        v1(names, {"subscriber_id": [7], "sessions": [{**SESSION, "subscriber": 7}]})


def test_v1_reads_the_instant_from_the_body_or_the_parameters(names: ColumnNames) -> None:
    row = {"country": "DE"}
    assert v1(names, row, as_of="2026-03-30").options.as_of == "2026-03-30"
    assert v1(names, row, parameters={"as_of": "2026-03-30"}).options.as_of == "2026-03-30"
    with pytest.raises(RequestError, match="'as_of' is given twice"):
        v1(names, row, as_of="2026-03-30", parameters={"as_of": "2026-03-30"})
    with pytest.raises(RequestError, match="'as_of' is 5, not a text"):
        v1(names, row, as_of=5)


def columns(request: Request, table: str) -> dict[str, Any]:
    return {name: list(values) for name, values in request.tables[table].columns.items()}


def test_v2_links_rows_to_customers_by_their_key(names: ColumnNames) -> None:
    request = v2(
        names,
        sessions__subscriber=["b", b"a", "b"],
        subscriber_id=["a", "b"],
        sessions__started_at=["x", "y", "z"],
        sessions__recorded_at=["x", "y", "z"],
        sessions__session_id=["1", "2", "3"],
        sessions__minutes=np.array([1.0, 2.0, 3.0]),
        country=["DE", "AT"],
    )
    assert [tensor.name for tensor in request.tensors] == ["subscriber_id", "country"]
    assert request.tables["sessions"].owners == [1, 0, 1]
    assert columns(request, "sessions") == {
        "started_at": ["x", "y", "z"],
        "recorded_at": ["x", "y", "z"],
        "session_id": ["1", "2", "3"],
        "minutes": [1.0, 2.0, 3.0],
    }
    assert request.tables["sessions"].place_of(2) == "row 3 of 'sessions'"


def test_v2_of_one_customer_needs_no_key(names: ColumnNames) -> None:
    request = v2(names, payments__paid_on=["30.03.2026"], payments__failed=["no"], country=["DE"])
    assert (request.tables["payments"].owners, request.rows) == ([0], 1)
    alone = v2(names, payments__paid_on=[])
    assert (len(alone.tables["payments"]), alone.rows, list(alone.tensors)) == (0, 1, [])


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"payments__paid_on": ["x"], "payments__failed": []}, "'payments.failed' has 0 rows, 'payments.paid_on' has"),
        ({"payments__paid_on": ["x"]}, "input 'payments.failed' is missing: the rows of 'payments' need it"),
        ({"payments__faild": ["x"]}, "table 'payments' has no column 'faild'; did you mean 'failed'?"),
        ({"country": ["DE", "AT"], "payments__paid_on": ["x"], "payments__failed": ["no"]}, "'payments.subscriber' is"),
        (
            {
                "country": ["DE", "AT"],
                "payments__paid_on": ["x"],
                "payments__failed": ["no"],
                "payments__subscriber": ["a"],
            },
            "the keys of the 2 customers are missing, to which 'payments.subscriber' refers",
        ),
        (
            {
                "subscriber_id": ["a", "b"],
                "payments__paid_on": ["x"],
                "payments__failed": ["no"],
                "payments__subscriber": ["c"],
            },
            "input 'payments.subscriber', row 1: no customer of the request is 'c'",
        ),
        (
            {
                "subscriber_id": ["a"],
                "payments__paid_on": ["x"],
                "payments__failed": ["no"],
                "payments__subscriber": ["c"],
            },
            "input 'payments.subscriber', row 1: 'c' is not the customer of the request, 'a'",
        ),
        ({"subscriber_id": ["a", "a"], "payments__paid_on": []}, "rows 1 and 2 are both 'a'"),
        (
            {
                "subscriber_id": ["a", "b"],
                "payments__paid_on": ["x"],
                "payments__failed": ["no"],
                "payments__subscriber": [None],
            },
            "input 'payments.subscriber', row 1: a key is missing",
        ),
    ],
)
def test_v2_refuses(names: ColumnNames, tensors: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        v2(names, **tensors)
    assert message in str(caught.value)


def test_both_bound_the_number_of_rows(names: ColumnNames, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_TABLE_ROWS", 2)
    with pytest.raises(TooLargeError, match="the request has 3 rows of tables, at most 2 are read"):
        v1(names, {"sessions": [SESSION, SESSION], "payments": [{}]})
    with pytest.raises(TooLargeError, match="the request has 3 rows of tables, at most 2 are read"):
        v2(names, payments__paid_on=["x", "y", "z"])


def test_an_input_is_sent_or_computed(names: ColumnNames) -> None:
    described = names.tables
    assert described is not None
    computed = described.inputs_of(["payments"])
    assert computed == {"failed_payments"}
    ready = {"country": "DE", "plan": "basic", "price": 8.0, "minutes_7": 1.0, "minutes_30": 2.0}
    ready |= {"sessions_24_hours": 0.0, "long_sessions": 0.0, "days_since_session": 3.0}

    def of(**row: Any) -> list[Tensor]:
        return [Tensor(name, "BYTES", [value]) for name, value in row.items()]

    found, number, _ = names.columns(of(**ready), computed=computed)
    assert (set(found), number) == (set(ready), 1)
    with pytest.raises(RequestError, match="'failed_payments' is computed from the rows of 'payments', which are sent"):
        names.columns(of(**ready, failed_payments=1.0), computed=computed)
    with pytest.raises(RequestError) as caught:
        names.columns(of(**ready))
    assert str(caught.value) == (
        "input 'failed_payments' is missing: send it, or the rows of table 'payments' that it is computed from (an "
        "empty list means none)"
    )
