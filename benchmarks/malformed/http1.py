"""HTTP/1.1 as no client library sends it: odd heads, framings, codings and upgrades, alone and one after the other."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import strategies as st

PATHS = [
    b"/v2/models/telco/infer",
    b"/v1/models/telco:predict",
    b"/v2/models/telco/infer/",
    b"/v2/health/live",
    b"/docs",
    b"/nothing",
    b"*",
    b"http://x/v2",
    b"/%2e%2e/%00",
    b"/" + b"y" * 9_000,
]
METHODS = [b"POST", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"TRACE", b"CONNECT", b"PRI", b"get", b""]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/9.9", b"HTTP/1.1 ", b""]
FIELDS = [
    b"Connection: close",
    b"Connection: keep-alive, Upgrade",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAMAAABk",
    b"Upgrade: websocket",
    b"Expect: 100-continue",
    b"Expect: cake",
    b"Host: y",
    b"Host: ;$(id)",
    b"Content-Length: 5",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: zstd",
    b"Content-Encoding: br",
    b"Content-Encoding: gzip, gzip",
    b"Accept-Encoding: zstd;q=0.1, gzip;q=1, *;q=0",
    b"Inference-Header-Content-Length: 5",
    b"X-Forwarded-Prefix: //evil",
    b"X-Request-Timeout-Ms: 1",
    b" folded: x",
    b"no colon",
    b"\x00: \xff",
    b"X: " + b"y" * 70_000,
    *[b"X-%d: y" % number for number in range(120)],
]


def connections(body: bytes) -> st.SearchStrategy[bytes]:
    """What a client sends on one connection.

    Args:
        body: of a valid request.
    """

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        sent = b"".join(_request(draw, body) for _ in range(draw(st.integers(1, 4))))
        if draw(st.integers(0, 3)) == 0:
            place = draw(st.integers(0, len(sent)))
            sent = sent[:place] + draw(st.binary(max_size=8)) + sent[place + draw(st.integers(0, 8)) :]
        return sent

    return make()


def _request(draw: st.DrawFn, body: bytes) -> bytes:
    odd = draw(st.integers(0, 2)) == 0
    line = b" ".join(draw(st.sampled_from(choices if odd else choices[:1])) for choices in (METHODS, PATHS, VERSIONS))
    fields = draw(st.lists(st.sampled_from(FIELDS), max_size=8))
    content = draw(st.sampled_from([body, gzip.compress(body), zlib.compress(body), b"", b"\x1f\x8b", body[:-5]]))
    if draw(st.booleans()):
        fields.append(b"Content-Length: %d" % len(content))
    else:
        fields.append(b"Transfer-Encoding: chunked")
        size = draw(st.sampled_from([1, 7, 1_000, 100_000]))
        extension = draw(st.sampled_from([b"", b";a=b", b";" + b"y" * 300]))
        parts = [content[start : start + size] for start in range(0, len(content), size)]
        content = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
        content += b"0\r\n" + draw(st.sampled_from([b"", b"X: y\r\n", b"Host: y\r\n" * 200])) + b"\r\n"
    return b"\r\n".join((line, b"Host: x", *fields, b"", b"")) + content
