"""Compressed requests and answers."""

# ruff: noqa: F401, F811 (fixtures are imported, and used as arguments of the same name)

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from raw_http import INFER, PREDICT, Answer, chunked, head, line, post
from server_process import Server, server, started, texts, typed
from test_fast_route import binary_body

from tenure.protocol import infer_request

pytestmark = pytest.mark.slow


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


def raw_deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def members(content: bytes) -> bytes:
    return b"".join(gzip.compress(content[start : start + 100]) for start in range(0, len(content), 100))


def frames(content: bytes) -> bytes:
    return zstd(content[:100]) + b"\x50\x2a\x4d\x18\x02\x00\x00\x00ab" + zstd(content[100:])


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip", gzip.compress),
    "several members": ("gzip", members),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("Deflate", raw_deflate),
    "zstd": ("zstd", zstd),
    "several frames": ("zstd", frames),
    "identity": ("identity", bytes),
    "gzip, and identity": ("identity, gzip", gzip.compress),
}


@pytest.fixture(scope="module", params=["fast", "application"])
def either(request: pytest.FixtureRequest, small_bundle: Any, tmp_path_factory: Any) -> Iterator[Server]:
    options = () if request.param == "fast" else ("--no-fast-route",)
    with started(small_bundle.folder, tmp_path_factory.mktemp(request.param) / "log", *options) as running:
        yield running


@pytest.fixture(scope="module")
def bodies(typed: dict) -> dict[str, bytes]:
    one = {name: values[:1] for name, values in typed.items()}
    rows = [dict(zip(typed, values, strict=True)) for values in zip(*typed.values(), strict=True)]
    return {
        "one": json.dumps(infer_request(one)).encode(),
        "many": json.dumps(infer_request({name: values * 50 for name, values in typed.items()})).encode(),
        "v1": json.dumps({"instances": rows}).encode(),
    }


def ask(server: Server, sent: bytes) -> Answer:
    with line(server.http_port, timeout_s=30) as client:
        client.send(sent)
        found = client.answer()
        assert found is not None
        return found


@pytest.mark.parametrize("kind", CODINGS)
def test_compressed_requests(either: Server, bodies: dict[str, bytes], typed: dict, kind: str) -> None:
    coding, pack = CODINGS[kind]
    field = f"Content-Encoding: {coding}"
    for path, name in ((INFER, "one"), (INFER, "many"), (PREDICT, "v1")):
        plain = bodies[name]
        if kind == "several members":
            plain = plain[:90_000] if len(plain) < 90_000 else bodies["one"]
        same = ("X-Request-ID: the-same",)
        expected = ask(either, post(path, plain, *same))
        packed = pack(plain)
        assert expected.status == 200
        assert ask(either, post(path, packed, field, *same))[::2] == expected[::2]
        sent = head("POST", path, "Transfer-Encoding: chunked", field, *same) + chunked(packed, 37)
        assert ask(either, sent)[::2] == expected[::2]
    whole, length = binary_body(typed)
    answer = ask(either, post(INFER, pack(whole), field, f"Inference-Header-Content-Length: {length}"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")


@pytest.mark.parametrize(
    ("coding", "damage"),
    [
        (coding, damage)
        for coding in ("gzip", "deflate", "raw deflate", "zstd")
        for damage in ("truncated", "half", "garbage", "plain", "flipped", "empty", "one byte")
    ],
)
def test_damaged_content(either: Server, bodies: dict[str, bytes], coding: str, damage: str) -> None:
    name, pack = CODINGS[coding]
    packed = pack(bodies["one"])
    sent = {
        "truncated": packed[:-1],
        "half": packed[: len(packed) // 2],
        "garbage": packed + b"garbage",
        "plain": bodies["one"],
        "flipped": packed[:50] + bytes([packed[50] ^ 0xFF]) + packed[51:],
        "empty": b"",
        "one byte": packed[:1],
    }[damage]
    answer = ask(either, post(INFER, sent, f"Content-Encoding: {name}"))
    assert answer.status == 400, answer
    error = json.loads(answer.content)["error"]
    assert "\n" not in error
    # Without a checksum of its own a damaged raw deflate, or a zstd frame, may be read, and is no JSON then.
    assert "is not valid" in error or "is not JSON" in error


@pytest.mark.parametrize(
    "fields",
    [
        ["br"],
        ["compress"],
        ["gzip, gzip"],
        ["gzip", "deflate"],
        ["zstd, gzip"],
        ["gzip;q=1"],
        ["*"],
        ["gzip2"],
        ["g" * 5_000],
        ["\xff"],
    ],
)
def test_unsupported_codings(either: Server, bodies: dict[str, bytes], fields: list[str]) -> None:
    lines = [f"Content-Encoding: {field}" for field in fields]
    for path in (INFER, PREDICT):
        answer = ask(either, post(path, bodies["one"], *lines))
        assert answer.status == 415
        assert answer.headers["accept-encoding"] == "gzip, deflate, zstd"
        assert set(json.loads(answer.content)) == {"error"}


def compressed(content: bytes, times: int, wbits: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=wbits)
    return b"".join([compressor.compress(content) for _ in range(times)]) + compressor.flush()


def blanks() -> bytes:
    return compressed(b" " * 2**20, 256, wbits=31)


# Made by the test that sends one: all together take seconds, which every worker would spend on collecting.
BOMBS: dict[tuple[str, str], Callable[[], bytes]] = {
    ("gzip", "blanks"): blanks,
    ("deflate", "zeros"): lambda: compressed(bytes(2**20), 256, wbits=15),
    ("zstd", "zeros"): lambda: zstd(bytes(2**28)),
    ("gzip", "members"): lambda: gzip.compress(bytes(2**20)) * 300,
    ("zstd", "frames"): lambda: zstd(bytes(2**20)) * 3_000,
    ("gzip", "empty members"): lambda: gzip.compress(b"") * 50_000,
    ("zstd", "empty frames"): lambda: zstd(b"") * 50_000,
    ("gzip", "a bomb in a bomb"): lambda: gzip.compress(blanks()),
}


@pytest.mark.parametrize(("coding", "kind"), BOMBS, ids=map(" ".join, BOMBS))
def test_a_bomb(either: Server, bodies: dict[str, bytes], coding: str, kind: str) -> None:
    """Refused when it reaches the limit; others are answered meanwhile."""
    bomb = BOMBS[coding, kind]()
    status = Path(f"/proc/{either.process.pid}/status")
    Path(f"/proc/{either.process.pid}/clear_refs").write_text("5")  # the peak begins anew
    before = int(status.read_text().split("VmRSS:")[1].split()[0])
    with line(either.http_port, timeout_s=30) as client:
        client.send(post(INFER, bomb, f"Content-Encoding: {coding}"))
        began = time.monotonic()
        assert ask(either, post(INFER, bodies["one"])).status == 200
        assert time.monotonic() - began < 0.5
        answer = client.answer()
    assert answer.status == 413 if kind in ("blanks", "zeros", "members", "frames") else 400
    peak = int(status.read_text().split("VmHWM:")[1].split()[0])
    assert peak - before < 120 * 1024, "32 MiB, twice, and what the decompressor holds"


@pytest.fixture(scope="module")
def tight(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--max-held-mib", "1", "--max-rows", "2000")
    with started(small_bundle.folder, tmp_path_factory.mktemp("tight") / "log", *options) as running:
        yield running


def test_inflated_bytes_count(tight: Server, bodies: dict[str, bytes]) -> None:
    """The limits of memory and of rows are those of plain content, and what was refused is no longer held."""
    for coding, pack in CODINGS.values():
        if coding in ("identity", "identity, gzip") or pack is members:
            continue
        field = f"Content-Encoding: {coding}"
        for _ in range(3):
            answer = ask(tight, post(INFER, pack(b" " * 2**21), field))
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert ask(tight, post(INFER, pack(bodies["many"]), field)).status == 200


ACCEPTED = {
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "zstd": "zstd",
    "gzip, deflate": "gzip",
    "gzip, deflate, br, zstd": "zstd",
    "zstd;q=0.1, gzip;q=0.9": "gzip",
    "zstd;q=0, gzip": "gzip",
    "*": "zstd",
    "*;q=0.5, zstd;q=0": "gzip",
    "GZIP ; Q=0.5": "gzip",
    "br": None,
    "identity": None,
    "gzip;q=0": None,
    "gzip;q=0.000": None,
    "gzip;q=x": None,
    "identity;q=1, gzip;q=0.5": None,
    "identity;q=0.5, gzip;q=1": "gzip",
    "": None,
    ",,;;=": None,
}


def unpacked(answer: Answer) -> bytes:
    coding = answer.headers.get("content-encoding")
    if coding is None:
        return answer.content
    if coding == "zstd":
        return pa.CompressedInputStream(pa.BufferReader(answer.content), "zstd").read()
    return zlib.decompress(answer.content, 31 if coding == "gzip" else 15)


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_compressed_answers(either: Server, bodies: dict[str, bytes], accepted: str) -> None:
    field, same = f"Accept-Encoding: {accepted}", "X-Request-ID: the-same"
    for name, path in (("many", INFER), ("v1", PREDICT)):
        plain = ask(either, post(path, bodies[name], same))
        answer = ask(either, post(path, bodies[name], field, same))
        assert answer.headers.get("content-encoding") == ACCEPTED[accepted]
        assert plain.headers["vary"] == answer.headers["vary"] == "accept-encoding"
        assert unpacked(answer) == plain.content
        if ACCEPTED[accepted] is not None:
            assert len(answer.content) < len(plain.content) / 2
    for path in ("/openapi.json", "/docs", "/metrics"):
        answer = ask(either, head("GET", path, field))
        assert answer.headers.get("content-encoding") == ACCEPTED[accepted]
        assert answer.headers["vary"] == "accept-encoding"
        assert b"telco" in unpacked(answer)
        with line(either.http_port) as client:
            client.send(head("HEAD", path, field), head("GET", path))
            assert client.answer("HEAD").headers.get("content-encoding") == ACCEPTED[accepted]
            assert client.answer().status == 200, "an answer to HEAD has no content"


def test_small_answers_are_never_compressed(either: Server, bodies: dict[str, bytes]) -> None:
    answer = ask(either, post(INFER, bodies["one"], "Accept-Encoding: gzip, zstd"))
    assert not {"content-encoding", "vary"} & set(answer.headers)
    answer = ask(either, post(INFER, b"{", "Accept-Encoding: gzip, zstd"))
    assert (answer.status, "content-encoding" in answer.headers) == (400, False)


def test_binary_answers(either: Server, typed: dict) -> None:
    """The header of the length of the JSON counts in the plain content."""
    whole, length = binary_body({name: values * 50 for name, values in typed.items()})
    fields = (f"Inference-Header-Content-Length: {length}", "X-Request-ID: the-same")
    plain = ask(either, post(INFER, whole, *fields))
    answer = ask(either, post(INFER, whole, *fields, "Accept-Encoding: gzip"))
    assert answer.headers["content-encoding"] == "gzip"
    assert unpacked(answer) == plain.content
    name = "inference-header-content-length"
    assert answer.headers[name] == plain.headers[name]


def test_a_large_answer_is_sent_before_the_next_one(server: Server, bodies: dict[str, bytes]) -> None:
    """Pipelined requests of which the first is inflated and its answer compressed on a thread."""
    packed = post(INFER, gzip.compress(bodies["many"]), "Content-Encoding: gzip", "Accept-Encoding: gzip")
    with line(server.http_port) as client:
        client.send(packed + post(INFER, bodies["one"]) + packed + post(PREDICT, bodies["v1"]))
        answers = [client.answer() for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert [answer.headers.get("content-encoding") for answer in answers] == ["gzip", None, "gzip", None]


def test_curl_compressed(server: Server, bodies: dict[str, bytes], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    (tmp_path / "body").write_bytes(gzip.compress(bodies["many"]))
    command = ["curl", "-s", "--compressed", "--noproxy", "*", "-H", "Content-Encoding: gzip", "--data-binary"]
    done = subprocess.run(
        [*command, f"@{tmp_path / 'body'}", f"{server.url}{INFER}"], capture_output=True, timeout=30, check=True
    )
    assert json.loads(done.stdout)["model_name"] == "telco"
