"""Admission by credentials, load and deadline."""

from __future__ import annotations

import pytest

from serving.admission.clients import Clients
from serving.admission.gate import Gate
from serving.admission.keys import create_key, parse_keys
from serving.admission.rate import RateLimit
from serving.admission.refusal import OverloadedError, RateLimitedError, UnauthenticatedError
from serving.inference.call import Call
from serving.v2.errors import RequestError, TooLargeError
from serving.v2.query import Query
from serving.v2.request import Options


def call(**headers: str) -> Call:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Call("POST", "/v2/models/telco/infer", "telco", None, raw, "id-1")


KEY, LINE = create_key("crm")


def clients(per_minute: float | None = None) -> Clients:
    ring = parse_keys(LINE, "keys")
    return Clients(keys=lambda: ring, rate=None if per_minute is None else RateLimit(per_minute))


@pytest.mark.parametrize(
    "headers",
    [{"authorization": f"Bearer {KEY}"}, {"authorization": f"bearer  {KEY} "}, {"x_api_key": KEY}],
)
def test_a_key_may_come_in_either_header(headers: dict[str, str]) -> None:
    shown = call(**headers)
    assert clients().admit(shown.header(b"authorization"), shown.header(b"x-api-key")) == "key:crm"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "no credentials"),
        ({"authorization": ""}, "no credentials"),
        ({"authorization": KEY}, "no credentials"),
        ({"authorization": f"Basic {KEY}"}, "no credentials"),
        ({"authorization": f"Bearer {KEY}x"}, "invalid API key"),
        ({"authorization": "Bearer a.b.c"}, "invalid API key"),
        ({"x_api_key": "crm.wrong"}, "invalid API key"),
        ({"x_api_key": ""}, "invalid API key"),
    ],
)
def test_other_clients_are_refused(headers: dict[str, str], message: str) -> None:
    gate = Gate(clients(), max_in_flight=1, max_rows=5, max_s=1.0)
    with pytest.raises(UnauthenticatedError, match=message) as caught:
        gate.admit(call(**headers))
    assert caught.value.headers == (("WWW-Authenticate", "Bearer"),)
    assert KEY.partition(".")[2] not in str(caught.value)


def test_above_its_rate_a_client_gets_retry_after() -> None:
    gate = Gate(clients(per_minute=2), max_in_flight=1, max_rows=5, max_s=1.0)
    for _ in range(2):
        gate.admit(call(x_api_key=KEY))
    with pytest.raises(RateLimitedError) as caught:
        gate.admit(call(x_api_key=KEY))
    assert caught.value.http == 429
    assert caught.value.headers == (("Retry-After", "30"),)


def test_without_clients_everybody_gets_in_until_there_is_enough_to_do() -> None:
    gate = Gate(None, max_in_flight=2, max_rows=5, max_s=1.0)
    calls = [call() for _ in range(2)]
    for one in calls:
        gate.admit(one)
        gate.enter(one)
    for refused in (gate.admit, gate.enter):
        with pytest.raises(OverloadedError, match="busy with 2 requests") as caught:
            refused(call())
    assert (caught.value.http, caught.value.headers) == (503, (("Retry-After", "1"),))
    gate.leave(calls[0])
    gate.admit(call())
    gate.enter(call())
    assert gate.in_flight == 2


def test_the_limit_of_rows() -> None:
    gate = Gate(None, max_in_flight=1, max_rows=5, max_s=1.0)
    gate.weigh(call(), Query({}, 5, Options(), None, None))
    with pytest.raises(TooLargeError, match="has 6 rows, at most 5"):
        gate.weigh(call(), Query({}, 6, Options(), None, None))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 10.0),
        ({"x_request_timeout_ms": "250"}, 0.25),
        ({"x_envoy_expected_rq_timeout_ms": "2000", "x_request_timeout_ms": "3000.5"}, 2.0),
        ({"x_request_timeout_ms": "1e9"}, 10.0),
    ],
)
def test_the_shortest_timeout_counts(headers: dict[str, str], seconds: float) -> None:
    asked = call(**headers)
    Gate(None, max_in_flight=1, max_rows=5, max_s=10.0).admit(asked)
    assert asked.deadline == pytest.approx(asked.started + seconds)


def test_a_deadline_that_the_protocol_set_is_not_put_off() -> None:
    asked = call()
    asked.deadline = asked.started + 0.5
    Gate(None, max_in_flight=1, max_rows=5, max_s=10.0).admit(asked)
    assert asked.deadline == pytest.approx(asked.started + 0.5)


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "0", "-5"])
def test_invalid_timeouts(text: str) -> None:
    with pytest.raises(RequestError, match="is not a number of milliseconds"):
        Gate(None, max_in_flight=1, max_rows=5, max_s=10.0).admit(call(x_request_timeout_ms=text))
