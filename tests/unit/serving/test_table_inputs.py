"""Inputs computed from the rows of a request: the same as offline, at any instant and in any zone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property_profiles import examples
from video_service import CONTRACT, Row, Video, instance, tensors, video

from serving.inference.model import ChurnModel
from serving.v1.request import read_request
from serving.v2.errors import RequestError
from serving.v2.query import Query
from serving.v2.request import Options, Request
from serving.v2.tensors import Tensor
from tenure import bundle
from tenure.contract import parse

__all__ = ["video"]

INSTANTS = ("2026-01-31", "2026-03-29T02:30", "2026-03-30", "2026-06-30T13:37:00.123456+02:00", "2025-10-26T02:30")
"""The clocks of the zone change on 29 March 2026 and on 26 October 2025."""


@pytest.fixture(scope="module")
def model(video: Video) -> ChurnModel:
    return ChurnModel("video", bundle.read(video.folder))


def v1(model: ChurnModel, instances: list[Row], as_of: str | None = None) -> Query:
    document = {"instances": instances} | ({} if as_of is None else {"as_of": as_of})
    return model.computed(model.query(read_request(document, model.names)))


def v2(model: ChurnModel, columns: dict[str, list[Any]], as_of: str | None = None) -> Query:
    sent = [Tensor(name, "BYTES", [str(value) for value in values]) for name, values in columns.items()]
    return model.computed(model.query(Request(sent, Options(as_of=as_of))))


def of_rows(query: Query) -> dict[str, list[Any]]:
    columns = {name: np.asarray(values, dtype=object).tolist() for name, values in query.columns.items()}
    return {
        name: [None if value is None or value != value else value for value in values]
        for name, values in columns.items()
    }


@pytest.mark.parametrize("as_of", INSTANTS)
@pytest.mark.parametrize("ask", [v1, v2])
def test_the_inputs_are_those_offline(video: Video, model: ChurnModel, as_of: str, ask: Callable[..., Query]) -> None:
    offline = video.at(as_of)
    keys = offline["subscriber_id"].to_pylist()[::7]
    expected = video.at(as_of, keys)
    shuffled = sorted(keys, key=lambda key: key[::-1])
    sent = [instance(video.rows, key) for key in shuffled] if ask is v1 else tensors(video.rows, shuffled)
    found = of_rows(ask(model, sent, as_of))
    order = [expected["subscriber_id"].to_pylist().index(key) for key in shuffled]
    assert len(keys) > 3
    for name in model.bundle.contract.inputs:
        wanted = [expected[name].to_pylist()[place] for place in order]
        assert found[name] == wanted, name


def test_numbers_and_booleans_beside_texts_are_not_read_by_the_format_of_texts(video: Video, model: ChurnModel) -> None:
    as_of = "2026-03-30"
    whole = instance(video.rows, video.at(as_of)["subscriber_id"][0].as_py())
    typed = {
        **whole,
        "sessions": [
            {**row, "minutes": float(row["minutes"].replace(",", "."))} if place % 2 else row
            for place, row in enumerate(whole["sessions"])
        ],
        "payments": [
            {**row, "failed": row["failed"] == "yes"} if place % 2 else row
            for place, row in enumerate(whole["payments"])
        ],
    }
    assert len(whole["sessions"]) > 1
    assert len(whole["payments"]) > 1
    assert of_rows(v1(model, [typed], as_of)) == of_rows(v1(model, [whole], as_of))


def test_the_order_of_rows_and_rows_that_are_not_known_yet_do_not_matter(video: Video, model: ChurnModel) -> None:
    as_of = "2026-03-30"
    whole = instance(video.rows, video.at(as_of)["subscriber_id"][0].as_py())
    turned = {name: value[::-1] if isinstance(value, list) else value for name, value in whole.items()}
    known = {**whole, "sessions": [row for row in whole["sessions"] if row["recorded_at"] < "2026-03-30"]}
    assert len(known["sessions"]) < len(whole["sessions"])
    assert of_rows(v1(model, [whole], as_of)) == of_rows(v1(model, [turned], as_of))
    assert of_rows(v1(model, [whole], as_of)) == of_rows(v1(model, [known], as_of))


def test_without_rows_and_without_an_instant(video: Video, model: ChurnModel) -> None:
    empty = {"country": "DE", "plans": [], "sessions": [], "payments": []}
    found = of_rows(v1(model, [empty, {**empty, "country": None}]))
    assert found == {
        "country": ["DE", None],
        "plan": [None, None],
        "price": [None, None],
        "minutes_7": [0.0, 0.0],
        "minutes_30": [0.0, 0.0],
        "sessions_24_hours": [0.0, 0.0],
        "long_sessions": [0.0, 0.0],
        "days_since_session": [None, None],
        "failed_payments": [0.0, 0.0],
    }


def test_now_is_the_instant_of_a_request_that_names_none(model: ChurnModel) -> None:
    now = datetime.now(UTC).isoformat()
    session = {"started_at": now, "recorded_at": now, "session_id": "1", "minutes": "5,5", "device": "tv"}
    later = {**session, "started_at": "2120-01-01", "session_id": "2"}
    row = {"country": "DE", "plans": [], "payments": [], "sessions": [session, later]}
    assert of_rows(v1(model, [row]))["sessions_24_hours"] == [1.0]


def test_some_inputs_are_sent_and_others_computed(video: Video, model: ChurnModel) -> None:
    key = video.at("2026-03-30")["subscriber_id"][0].as_py()
    whole = instance(video.rows, key)
    ready = of_rows(v1(model, [whole], "2026-03-30"))
    sessions = ("minutes_7", "minutes_30", "sessions_24_hours", "long_sessions", "days_since_session")
    mixed = {name: values[0] for name, values in ready.items() if name not in sessions}
    found = of_rows(v1(model, [{**mixed, "sessions": whole["sessions"]}], "2026-03-30"))
    assert found == ready


def test_typed_values_are_read_as_texts_are(model: ChurnModel) -> None:
    """A number in a column of numbers written with commas, and keys of any datatype."""
    rows = {
        "subscriber_id": Tensor("subscriber_id", "INT64", np.array([7, 8])),
        "country": Tensor("country", "BYTES", [b"DE", b"AT"]),
        "plan": Tensor("plan", "BYTES", ["basic", "family"]),
        "price": Tensor("price", "FP64", np.array([8.0, 15.5])),
        "failed_payments": Tensor("failed_payments", "FP64", np.array([0.0, 1.0])),
        "key": Tensor("sessions.subscriber", "BYTES", [b"8", b"7", b"8"]),
        "started_at": Tensor("sessions.started_at", "BYTES", [b"2026-03-29T20:00"] * 3),
        "recorded_at": Tensor("sessions.recorded_at", "BYTES", [b"2026-03-29T20:00"] * 3),
        "session_id": Tensor("sessions.session_id", "INT64", [1, 2, 3]),
        "minutes": Tensor("sessions.minutes", "FP32", np.array([1.5, 2.5, 70.0], dtype=np.float32)),
        "device": Tensor("sessions.device", "BYTES", ["tv"] * 3),
    }
    query = model.computed(model.query(Request([*rows.values()], Options(as_of="2026-03-30"))))
    assert of_rows(query)["minutes_30"] == [2.5, 71.5]
    assert of_rows(query)["long_sessions"] == [0.0, 1.0]


SESSION = {"started_at": "2026-03-28T20:00", "recorded_at": "2026-03-28T20:00", "session_id": "1", "minutes": 5}


@pytest.mark.parametrize(
    ("sessions", "as_of", "message"),
    [
        ([SESSION, {**SESSION, "minutes": "x"}], None, "instance 1, row 2 of 'sessions': 'minutes' is not a number"),
        ([{**SESSION, "started_at": "yesterday"}], None, "row 1 of 'sessions': 'started_at' is not a timestamp"),
        ([{**SESSION, "started_at": None}], None, "instance 1, row 1 of 'sessions': 'started_at' is missing, and is"),
        (
            [SESSION, {**SESSION, "minutes": 6}],
            None,
            "table 'sessions': 1 pair of rows with the same 'session_id' became known at the same time and differ: the "
            "first has customer of the request 1 and session_id '1'",
        ),
        ([SESSION], "2026-13-01", "'as_of': '2026-13-01' is not a day or a time"),
        ([SESSION], "2126-01-01", "'as_of': 2126-01-01 lies in the future, more than 366 days after"),
    ],
)
def test_what_is_refused(model: ChurnModel, sessions: list[Row], as_of: str | None, message: str) -> None:
    row = {"country": "DE", "plans": [], "payments": [], "sessions": sessions}
    for session in sessions:
        session.setdefault("device", "tv")
    with pytest.raises(RequestError) as caught:
        v1(model, [row], as_of)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_that_breaks_the_contract_does_not_count_as_in_training(video: Video, model: ChurnModel) -> None:
    contract = parse(CHECKED)
    model = ChurnModel("video", replace(model.bundle, contract=contract))
    good = {**SESSION, "device": "tv"}
    rows = [good, {**good, "session_id": "2", "minutes": 2000}, {**good, "session_id": "3", "device": "watch"}]
    customer = {"country": "DE", "plans": [], "payments": [], "sessions": rows}
    query = v1(model, [{**customer, "sessions": []}, customer], "2026-03-30")
    assert of_rows(query)["minutes_7"] == [0.0, 5.0]
    prediction = model.predict_query(query)
    assert {name: mask.tolist() for name, mask in prediction.out_of_range.items()} == {
        "sessions.minutes": [False, True]
    }
    assert {name: mask.tolist() for name, mask in prediction.unknown.items()} == {"sessions.device": [False, True]}
    with pytest.raises(RequestError, match="row 1 of 'sessions': 'minutes' is missing, and is not nullable"):
        v1(model, [{**customer, "sessions": [{**good, "minutes": None}]}])


CHECKED = (
    CONTRACT.replace("unit: min, format", "unit: min, range: [0, 1440], format")
    .replace("      device: {type: category}", "      device: {type: category, values: [tv, mobile]}")
    .replace("where: minutes > 60,", "where: \"minutes > 60 and device != 'x'\",")
)


def test_a_table_that_is_not_sent_is_named(model: ChurnModel) -> None:
    with pytest.raises(
        RequestError, match=r"'plan' is missing.*or the rows of table 'plans'.*an empty list means none"
    ):
        model.query(read_request({"instances": [{"country": "DE", "sessions": []}]}, model.names))


def test_the_entity_may_be_a_table_too(video: Video, model: ChurnModel) -> None:
    as_of = "2026-03-30"
    key = video.at(as_of)["subscriber_id"][0].as_py()
    whole = instance(video.rows, key)
    (customer,) = [row for row in video.rows["subscribers"] if row["subscriber_id"] == key]
    sent = {name: value for name, value in whole.items() if isinstance(value, list)} | {"subscribers": [customer]}
    assert of_rows(v1(model, [sent], as_of)) == of_rows(v1(model, [whole], as_of))
    later = {**sent, "subscribers": [{**customer, "signed_up_at": "2026-03-30"}]}
    with pytest.raises(RequestError, match="customer 1 of the request does not exist yet at 'as_of': 'signed_up_at'"):
        v1(model, [later], as_of)
    with pytest.raises(RequestError, match="customer 2 of the request has 0 rows of 'subscribers'"):
        v1(model, [sent, {**sent, "subscribers": []}], as_of)


def test_a_model_of_one_table_has_no_instants(small_bundle: Any) -> None:
    telco = ChurnModel("telco", bundle.read(small_bundle.folder))
    with pytest.raises(RequestError, match="parameter 'as_of' is for models whose inputs are computed from tables"):
        telco.query(Request([Tensor("tenure", "INT64", [1])], Options(as_of="2026-03-30")))


MOMENTS = st.sampled_from(["2026-03-29T02:30", "2026-03-30", "0001-01-01", "9999-12-31T23:59", "2026-02-30", ""])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | MOMENTS
    | st.sampled_from(["29.03.2026", "1,5", "yes", "tv", "1", "5", 5, 5.0, "NaN", "1e999", -1])
)
ROWS: dict[str, Row] = {
    "sessions": {
        "started_at": "2026-03-28T20:00",
        "recorded_at": "2026-03-28T20:00",
        "session_id": "1",
        "minutes": "5,5",
    },
    "payments": {"paid_on": "28.03.2026", "amount": 8, "failed": "yes"},
    "plans": {"valid_from": "2026-03-01", "plan": "basic", "price": 8.0},
}


def rows_of(table: str) -> st.SearchStrategy[list[Row]]:
    """Up to three rows, in each of which some values are any."""
    changed = st.dictionaries(st.sampled_from([*ROWS[table]]), VALUES, max_size=1)
    return st.lists(changed.map(lambda change: {**ROWS[table], **change}), max_size=3)


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.fixed_dictionaries({table: rows_of(table) for table in ROWS}), as_of=MOMENTS)
def test_any_rows_are_computed_or_refused_in_one_line(
    model: ChurnModel, rows: dict[str, list[Row]], as_of: str
) -> None:
    document = {"instances": [{"country": "DE"} | rows], "as_of": as_of}
    tensors = [Tensor("country", "BYTES", ["DE"])]
    for table, of_table in rows.items():
        tensors += [Tensor(f"{table}.{name}", "BYTES", [row[name] for row in of_table]) for name in ROWS[table]]
    said = []
    for request in (lambda: read_request(document, model.names), lambda: Request(tensors, Options(as_of=as_of))):
        try:
            said.append(model.predict_query(model.computed(model.query(request()))).score.tolist())
        except RequestError as error:
            assert str(error).isprintable(), str(error)
            said.append(str(error).replace("instance 1, ", ""))
    assert said[0] == said[1]


def test_arrow_is_imported_for_the_first_request_with_rows(video: Video) -> None:
    code = f"""
import sys
from serving.kserve_import import reserve_kserve
reserve_kserve()
from serving.inference.model import ChurnModel
from serving.v1.request import read_request
from tenure import bundle

def imported():
    return [name for name in ("pyarrow", "tenure.features", "tenure.parsing") if name in sys.modules]

model = ChurnModel("video", bundle.read({str(video.folder)!r}))
ready = dict.fromkeys(model.bundle.contract.inputs)
model.predict_query(model.query(read_request({{"instances": [ready]}}, model.names)))
print(imported())
rows = {{"country": "DE", "plans": [], "sessions": [], "payments": []}}
model.computed(model.query(read_request({{"instances": [rows]}}, model.names)))
print(imported())
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert found.stdout.splitlines() == ["[]", "['pyarrow', 'tenure.features', 'tenure.parsing']"], found.stderr


def test_the_day_is_that_of_the_instant_in_the_contracts_zone(video: Video) -> None:
    dated = ChurnModel("video", bundle.read(video.folder), today=lambda: date(2026, 1, 1))
    dated.uses_today = True
    row = {"country": "DE", "plans": [], "payments": [], "sessions": []}
    found = v1(dated, [row], "2026-03-29T23:30+00:00")
    assert found.columns["_today"] == [date(2026, 3, 30)]
