"""Attacks on HTTP/1.1 servers, each as the bytes of a connection that carries nothing else.

Every attack is a function of a request's body; it yields parts of about 16 KiB without end. The caller bounds bytes and
time, and opens a connection again when the server closes it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

import pyarrow as pa

Parts = Iterator[bytes]

PART_BYTES = 16_384
INFER = b"/v2/models/telco/infer"


def head(method: bytes, path: bytes, *fields: bytes) -> bytes:
    """A request's head."""
    return b"\r\n".join((method + b" " + path + b" HTTP/1.1", b"Host: x", *fields, b"", b""))


def post(body: bytes, *fields: bytes) -> bytes:
    """An inference request."""
    return head(b"POST", INFER, b"Content-Length: %d" % len(body), *fields) + body


def _same(first: bytes, repeated: bytes) -> Parts:
    yield first
    part = repeated * max(1, PART_BYTES // len(repeated))
    while True:
        yield part


_CHUNKED = head(b"POST", INFER, b"Transfer-Encoding: chunked")
_START = head(b"POST", INFER)[:-2]


def endless_value(_: bytes) -> Parts:
    return _same(_START + b"X: ", b"y")


def endless_name(_: bytes) -> Parts:
    return _same(_START, b"y")


def endless_url(_: bytes) -> Parts:
    return _same(b"GET /", b"y")


def endless_fields(_: bytes) -> Parts:
    return _same(_START, b"X: y\r\n")


def heads_of_many_fields(_: bytes) -> Parts:
    """Whole requests with as many fields as are read."""
    return _same(b"", head(b"GET", b"/v2/health/live", *[b"x%d: y" % number for number in range(95)]))


def endless_extension(_: bytes) -> Parts:
    return _same(_CHUNKED + b"1;", b"y")


def extensions(_: bytes) -> Parts:
    return _same(_CHUNKED, b"1;" + b"y" * 1_000 + b"\r\nx\r\n")


def one_byte_chunks(_: bytes) -> Parts:
    return _same(_CHUNKED, b"1\r\nx\r\n")


def two_byte_chunks(_: bytes) -> Parts:
    return _same(_CHUNKED, b"2\r\nxy\r\n")


def endless_trailers(_: bytes) -> Parts:
    return _same(_CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n")


def blank_lines(_: bytes) -> Parts:
    return _same(b"", b"\r\n")


def pipelined_gets(_: bytes) -> Parts:
    return _same(b"", head(b"GET", b"/v2/health/live"))


def pipelined_behind_a_slow_one(body: bytes) -> Parts:
    return _same(post(body), head(b"GET", b"/v2/health/live"))


def pipelined_pages(_: bytes) -> Parts:
    """The largest page, compressed."""
    return _same(b"", head(b"GET", b"/docs", b"Accept-Encoding: gzip"))


def upgrades(body: bytes) -> Parts:
    """Each is read twice."""
    return _same(b"", post(body, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"))


def pipelined_requests(body: bytes) -> Parts:
    """Valid requests, for comparison."""
    return _same(b"", post(body))


def _bombs(coding: bytes, packed: bytes) -> Parts:
    return _same(b"", post(packed, b"Content-Encoding: " + coding))


def gzip_bombs(_: bytes) -> Parts:
    return _bombs(b"gzip", gzip.compress(b" " * (33 * 2**20)))


def deflate_bombs(_: bytes) -> Parts:
    return _bombs(b"deflate", zlib.compress(b" " * (33 * 2**20)))


def zstd_bombs(_: bytes) -> Parts:
    return _bombs(b"zstd", pa.Codec("zstd").compress(b" " * (33 * 2**20), asbytes=True))


def empty_gzip_members(_: bytes) -> Parts:
    return _bombs(b"gzip", gzip.compress(b"") * 50_000)


def empty_zstd_frames(_: bytes) -> Parts:
    return _bombs(b"zstd", pa.Codec("zstd").compress(b"", asbytes=True) * 50_000)


ATTACKS: dict[str, Callable[[bytes], Parts]] = {
    function.__name__.replace("_", " "): function
    for function in (
        pipelined_requests,
        endless_value,
        endless_name,
        endless_url,
        endless_fields,
        heads_of_many_fields,
        endless_extension,
        extensions,
        one_byte_chunks,
        two_byte_chunks,
        endless_trailers,
        blank_lines,
        pipelined_gets,
        pipelined_behind_a_slow_one,
        pipelined_pages,
        upgrades,
        gzip_bombs,
        deflate_bombs,
        zstd_bombs,
        empty_gzip_members,
        empty_zstd_frames,
    )
}
UNREAD_ATTACKS = {f"{name}, answers not read": ATTACKS[name] for name in ("pipelined gets", "pipelined pages")}
"""Attacks by a client that reads nothing."""
