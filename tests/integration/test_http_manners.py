"""HEAD, OPTIONS, Allow, Expect, trailing slashes and addresses, on the fast route and by the application."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from raw_http import INFER, PREDICT, READY, Answer, head, line, post
from server_process import Server, server, started, texts, typed

from serving.admission.keys import create_key
from tenure.protocol import infer_request

pytestmark = pytest.mark.slow

GETS = [
    "/",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/v2",
    "/v2/models",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/telco",
    READY,
    "/v1/models",
    "/v1/models/telco",
]
POSTS = [INFER, PREDICT, "/v1/models/telco:explain", "/v2/repository/models/telco/load"]


@pytest.fixture(scope="module")
def body(typed: dict) -> bytes:
    return json.dumps(infer_request({name: values[:1] for name, values in typed.items()})).encode()


@pytest.fixture(scope="module", params=["fast", "application"])
def keyed(request: pytest.FixtureRequest, small_bundle: Any, tmp_path_factory: Any) -> Iterator[tuple[Server, str]]:
    """A server with a key that may ask 40 times a minute, and one of a client that may not ask at all any more."""
    folder = tmp_path_factory.mktemp(request.param)
    key, entry = create_key("app")
    (folder / "keys").write_text(entry)
    options = ["--api-keys", str(folder / "keys"), "--rate-limit", "40"]
    if request.param == "application":
        options.append("--no-fast-route")
    with started(small_bundle.folder, folder / "log", *options) as running:
        yield running, key


def ask(server: Server, sent: bytes, method: str = "POST") -> Answer:
    with line(server.http_port) as client:
        client.send(sent)
        found = client.answer(method)
        assert found is not None
        return found


@pytest.mark.parametrize("path", GETS)
def test_head_wherever_get_is(server: Server, path: str) -> None:
    with line(server.http_port) as client:
        client.send(head("HEAD", path), head("GET", path))
        of_head, of_get = client.answer("HEAD"), client.answer("GET")
    assert of_head.status == of_get.status == 200
    ignored = {"date", "x-request-id", "content-length"}
    assert {k: v for k, v in of_head.headers.items() if k not in ignored} == {
        k: v for k, v in of_get.headers.items() if k not in ignored
    }
    assert "content-length" in of_head.headers
    answer = ask(server, head("HEAD", "/nothing"), "HEAD")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("path", "allow"),
    [*((path, "GET, HEAD, OPTIONS") for path in GETS), *((path, "OPTIONS, POST") for path in POSTS)],
)
def test_allow_and_options(server: Server, path: str, allow: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "POST" if "GET" in allow else "GET"):
        answer = ask(server, head(method, path))
        assert (answer.status, answer.headers.get("allow")) == (405, allow), method
        assert set(json.loads(answer.content)) == {"error"}
    answer = ask(server, head("OPTIONS", path, "Origin: https://x", "Access-Control-Request-Method: POST"))
    assert (answer.status, answer.headers["allow"], answer.content) == (204, allow, b"")
    assert not [name for name in answer.headers if name.startswith("access-control")], "no page of elsewhere may ask"


def test_options_of_the_server_and_of_nothing(server: Server) -> None:
    assert ask(server, head("OPTIONS", "*")).status == 204
    answer = ask(server, head("OPTIONS", "/nothing"))
    assert (answer.status, "allow" in answer.headers) == (404, False)
    with line(server.http_port) as client:
        client.send(head("OPTIONS", INFER), head("GET", READY))
        assert [client.answer().status, client.answer().status] == [204, 200]


@pytest.mark.parametrize("host", ["x", "evil.example:81"])
def test_a_trailing_slash(server: Server, body: bytes, host: str) -> None:
    """Answered without a redirect, whose address would be the client's own Host header."""
    for path in GETS[1:]:
        answer = ask(server, head("GET", f"{path}/", host=host))
        assert (answer.status, "location" in answer.headers) == (200, False), path
    sent = head("POST", f"{INFER}/", f"Content-Length: {len(body)}", host=host) + body
    assert ask(server, sent).status == 200
    for path in (f"{READY}//", "//", "/v2//models", "/nothing/", "/v2/models//"):
        answer = ask(server, head("GET", path, host=host))
        assert (answer.status, "location" in answer.headers) == (404, False), path


@pytest.mark.parametrize(
    ("prefix", "shown"),
    [
        ("/churn", "/churn"),
        ("/churn/", "/churn"),
        ("/a/b-c/d.e_f~1", "/a/b-c/d.e_f~1"),
        ("", ""),
        ("/", ""),
        ("churn", ""),
        ("//evil.example", ""),
        ("/../x", ""),
        ("/x/..", ""),
        ("/a b", ""),
        ('/"><script>', ""),
        ("/x?y", ""),
        ("/x#y", ""),
        ("/%2e%2e", ""),
        ("/a, /b", ""),
        ("https://evil.example", ""),
        ("/\xfc", ""),
        ("/" + "x" * 300, ""),
    ],
)
def test_the_prefix_of_a_gateway(server: Server, prefix: str, shown: str) -> None:
    field = f"X-Forwarded-Prefix: {prefix}"
    document = json.loads(ask(server, head("GET", "/openapi.json", field, host="churn.example")).content)
    assert document["servers"] == [{"url": f"http://churn.example{shown}"}]
    page = ask(server, head("GET", "/docs", field, host="churn.example")).content.decode()
    assert f"http://churn.example{shown}/v2/models/telco/infer" in page


def test_expect(keyed: tuple[Server, str], body: bytes) -> None:
    """``100 Continue`` only for content that is read; other answers come at once, and end the connection."""
    server, key = keyed
    mine, waits = f"X-API-Key: {key}", "Expect: 100-Continue"
    for path in (INFER, PREDICT):
        with line(server.http_port) as client:
            client.send(head("POST", path, f"Content-Length: {len(body)}", waits, mine))
            assert client.answer().status == 100
            client.send(body)
            assert client.answer().status == (200 if path == INFER else 400)
        with line(server.http_port) as client:
            client.send(head("POST", path, "Transfer-Encoding: chunked", waits, mine))
            assert client.answer().status == 100
        refusals = {
            413: (f"Content-Length: {33 * 2**20}", mine),
            401: (f"Content-Length: {len(body)}", "X-API-Key: x"),
            415: (f"Content-Length: {len(body)}", "Content-Encoding: br", mine),
            400: (f"Content-Length: {len(body)}", "X-Request-Timeout-Ms: soon", mine),
        }
        for status, fields in refusals.items():
            with line(server.http_port) as client:
                client.send(head("POST", path, waits, *fields))
                answer = client.answer()
                assert (answer.status, answer.headers["connection"]) == (status, "close")
                assert set(json.loads(answer.content)) == {"error"}
                assert answer.headers["x-request-id"]
                assert client.is_closed()
    with line(server.http_port) as client:
        client.send(head("GET", READY, waits))
        assert client.answer().status == 200, "it has no content to wait for"
    statuses = []
    while 429 not in statuses and len(statuses) < 60:
        with line(server.http_port) as client:
            client.send(head("POST", INFER, f"Content-Length: {len(body)}", waits, mine))
            answer = client.answer()
            statuses.append(answer.status)
    assert 429 in statuses
    assert answer.headers["retry-after"]


def test_a_length_above_the_limit_is_refused_before_the_body(server: Server) -> None:
    for path in (INFER, PREDICT):
        with line(server.http_port) as client:
            client.send(head("POST", path, f"Content-Length: {33 * 2**20}"), b" " * 1000)
            answer = client.answer()
            assert (answer.status, answer.headers["connection"]) == (413, "close")
            assert client.is_closed()


def test_a_long_path_of_no_route_stays_short_in_the_answer(server: Server) -> None:
    answer = ask(server, head("GET", "/" + "x" * 8_000))
    assert answer.status == 404
    assert len(answer.content) < 200
