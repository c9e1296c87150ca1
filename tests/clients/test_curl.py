"""curl's options against the model server: upgrades, framing, encodings, HEAD, HTTP/1.0."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from exchanges import MAX_BODY_BYTES, V1, V2, Answer, predicts, refused
from server_process import Server

pytestmark = pytest.mark.slow

JSON = ("-H", "Content-Type: application/json")
CHUNKED = ("-X", "POST", *JSON, "-H", "Transfer-Encoding: chunked")
EXPECT = ("-H", "Expect: 100-continue", "--expect100-timeout", "10")
UPGRADE = ("-H", "Connection: keep-alive, Upgrade")

ANSWERED = {
    "form_type": (V2, ["-d", "@row_v2.json"]),
    "upgrade_v2": (V2, ["--http2", *JSON, "-d", "@row_v2.json"]),
    "upgrade_v1": (V1, ["--http2", *JSON, "-d", "@row_v1.json"]),
    "upgrade_chunked": (V2, ["--http2", *CHUNKED, "-T", "row_v2.json"]),
    "upgrade_expect": (V2, ["--http2", *JSON, *EXPECT, "-d", "@row_v2.json"]),
    "upgrade_websocket": (V2, [*UPGRADE, "-H", "Upgrade: websocket", *JSON, "-d", "@row_v2.json"]),
    "upgrade_tls": (V1, [*UPGRADE, "-H", "Upgrade: TLS/1.0", *JSON, "-d", "@row_v1.json"]),
    "chunked_v2": (V2, [*CHUNKED, "-T", "row_v2.json"]),
    "chunked_v1": (V1, [*CHUNKED, "-T", "row_v1.json"]),
    "chunked_gzip": (V2, [*CHUNKED, "-H", "Content-Encoding: gzip", "-T", "row_v2.json.gz"]),
    "gzip_in_capitals": (V2, [*JSON, "-H", "Content-Encoding: GZIP", "--data-binary", "@row_v2.json.gz"]),
    "identity": (V2, [*JSON, "-H", "Content-Encoding: identity", "-d", "@row_v2.json"]),
    "expect": (V2, [*JSON, *EXPECT, "-d", "@row_v2.json"]),
    "http_1_0": (V2, ["--http1.0", *JSON, "-d", "@row_v2.json"]),
    "slash_v2": (f"{V2}/", [*JSON, "-d", "@row_v2.json"]),
    "slash_v1": (f"{V1}/", [*JSON, "-d", "@row_v1.json"]),
    "usual_long_fields": (
        V2,
        ["-H", f"Cookie: {'c' * 4_000}", "-H", f"X-A: {'a' * 8_000}", *JSON, "-d", "@row_v2.json"],
    ),
}
"""Path and options of requests with one row. They run in the folder of the bodies."""

REFUSED = {
    "too_large": (413, str(MAX_BODY_BYTES), [*JSON, "-H", "Expect:", "--data-binary", "@too_large.json"]),
    "too_large_chunked": (413, str(MAX_BODY_BYTES), [*CHUNKED, "-T", "too_large.json"]),
    "too_large_upgrade": (413, str(MAX_BODY_BYTES), ["--http2", *JSON, "--data-binary", "@too_large.json"]),
    "not_gzip": (400, "gzip", [*JSON, "-H", "Content-Encoding: gzip", "-d", "@row_v2.json"]),
    "brotli": (415, "br", [*JSON, "-H", "Content-Encoding: br", "-d", "@row_v2.json"]),
}

GET_PATHS = (
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/telco",
    "/v2/models/telco/ready",
    "/v1/models",
    "/v1/models/telco",
    "/metrics",
    "/docs",
    "/openapi.json",
)


class Transfer(NamedTuple):
    answer: Answer
    fields: dict[str, str]
    """Of the answer, by lower-case name."""
    uploaded: int
    """Bytes of the body that curl sent."""
    connections: int


@pytest.fixture(scope="module")
def curl() -> str:
    path = shutil.which("curl")
    if path is None:
        pytest.skip("curl is not installed")
    return path


def transfer(curl: str, bodies: Path, *options: str) -> Transfer:
    (bodies / "received").write_bytes(b"")
    written = ["--dump-header", "head", "--output", "received"]
    told = ["--write-out", "%{http_code} %{size_upload} %{num_connects}\n"]
    done = subprocess.run(
        [curl, "-sS", "--noproxy", "*", "--max-time", "20", "--path-as-is", *written, *told, *options],
        cwd=bodies,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    status, uploaded, connections = map(int, done.stdout.splitlines()[-1].split())
    head = (bodies / "head").read_text().strip().split("\n\n")[-1]
    fields = {name.lower(): value.strip() for name, value in re.findall(r"^([\w-]+):(.*)$", head, re.MULTILINE)}
    received = (bodies / "received").read_bytes()
    return Transfer(Answer(status, fields.get("content-encoding", ""), received), fields, uploaded, connections)


@pytest.mark.parametrize("name", ANSWERED)
def test_a_row_is_answered(curl: str, server: Server, bodies: Path, name: str) -> None:
    path, options = ANSWERED[name]
    predicts(1)(transfer(curl, bodies, *options, server.url + path).answer)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_seen(curl: str, server: Server, bodies: Path, name: str) -> None:
    status, reason, options = REFUSED[name]
    refused(status, reason)(transfer(curl, bodies, *options, server.url + V2).answer)


def test_an_upgrade_is_ignored_and_the_connection_kept(curl: str, server: Server, bodies: Path) -> None:
    """curl asks for the upgrade with each request; what it tells is of the second one."""
    second = transfer(
        curl, bodies, "--http2", *JSON, "-d", "@row_v2.json", server.url + V2, "--output", "first", server.url + V2
    )
    assert "upgrade" not in second.fields
    assert second.connections == 0
    predicts(1)(second.answer)


def test_a_body_that_is_too_large_is_not_waited_for(curl: str, server: Server, bodies: Path) -> None:
    sent = transfer(curl, bodies, *JSON, *EXPECT, "--data-binary", "@too_large.json", server.url + V2)
    refused(413, str(MAX_BODY_BYTES))(sent.answer)
    assert sent.uploaded == 0


def test_a_compressed_answer(curl: str, server: Server, bodies: Path) -> None:
    options = ["--compressed", *JSON, "--data-binary", "@rows_v2.json", server.url + V2]
    sent = transfer(curl, bodies, *options)
    predicts(1_000)(sent.answer)
    assert sent.answer.encoding in ("gzip", "deflate", "zstd")
    assert sent.fields["vary"].lower() == "accept-encoding"
    assert int(sent.fields["content-length"]) < len(sent.answer.body) / 2
    refusing = transfer(curl, bodies, "-H", "Accept-Encoding: gzip;q=0", *options[1:])
    predicts(1_000, "")(refusing.answer)


@pytest.mark.parametrize("path", GET_PATHS)
def test_head_is_get_without_the_body(curl: str, server: Server, bodies: Path, path: str) -> None:
    get, head = (transfer(curl, bodies, *options, server.url + path) for options in ([], ["--head"]))
    assert (head.answer.status, get.answer.status) == (200, 200)
    assert head.fields["content-type"] == get.fields["content-type"]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [(V2, "GET", "POST"), (V2, "PUT", "POST"), (V1, "GET", "POST"), ("/v2/models/telco", "POST", "GET")],
)
def test_a_wrong_method_is_told_the_right_one(
    curl: str, server: Server, bodies: Path, path: str, method: str, allowed: str
) -> None:
    sent = transfer(curl, bodies, "-X", method, server.url + path)
    assert sent.answer.status == 405, sent
    assert allowed in sent.fields["allow"]
    assert "error" in json.loads(sent.answer.body)
