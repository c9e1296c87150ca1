"""What the head of a request must be, and the fields in it that this server acts on.

The parser refuses heads that are not HTTP, several or invalid lengths, and a length beside ``Transfer-Encoding``; here
is what it leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from serving.http.closing import ClosingError, Header
from serving.listening.limits import MAX_HEAD_BYTES, MAX_HEADER_FIELDS, MAX_URL_BYTES

Fields = dict[bytes, bytes]
"""Values by name in lower case. Fields that may be lists are joined by commas; of others the first counts."""

_LISTS = frozenset((b"accept-encoding", b"content-encoding", b"expect", b"host", b"transfer-encoding"))
_READ = _LISTS | {b"content-length", b"inference-header-content-length", b"x-request-id"}

_MAX_LENGTH_DIGITS = 18
_HOST = re.compile(rb"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_MAX_KNOWN_HOSTS = 256
_known_hosts: set[bytes] = set()

TOO_MANY_FIELDS = f"the request has more than {MAX_HEADER_FIELDS} header fields"
TOO_LARGE_HEAD = f"the request's head has more than {MAX_HEAD_BYTES} bytes"
TOO_LONG_URL = f"the request's URL has more than {MAX_URL_BYTES} bytes"


def read_fields(headers: Sequence[Header], version: str) -> Fields:
    """The fields of a head that are acted on.

    Args:
        headers: with names in lower case.
        version: of HTTP, as ``1.1``.

    Raises:
        ClosingError: a field is invalid, or the version is not supported.
    """
    fields: Fields = {}
    for name, value in headers:
        if name in _READ:
            if name not in fields:
                fields[name] = value
            elif name in _LISTS:
                fields[name] = b"%b, %b" % (fields[name], value)
    host = fields.get(b"host")
    if host not in _known_hosts or version != "1.1":
        _check_version(version, fields)
        _check_host(host, version)
    if b"transfer-encoding" in fields:
        _check_transfer_encoding(fields[b"transfer-encoding"], version)
    length = fields.get(b"content-length")
    if length is not None and len(length) > _MAX_LENGTH_DIGITS:
        raise ClosingError(400, "the Content-Length has too many digits")
    if b"expect" in fields and version == "1.1" and fields[b"expect"].lower() != b"100-continue":
        raise ClosingError(417, "the only expectation that this server meets is 100-continue")
    return fields


def length_of(headers: Sequence[Header]) -> int:
    """Bytes of a head's fields as they are sent."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _check_version(version: str, fields: Fields) -> None:
    if version not in ("1.0", "1.1"):
        raise ClosingError(505, f"this server speaks HTTP/1.1, not HTTP/{version}")
    if version == "1.0" and b"transfer-encoding" in fields:
        # RFC 9112, section 6.1: the framing of such a message is faulty.
        raise ClosingError(400, "HTTP/1.0 has no Transfer-Encoding")


def _check_host(host: bytes | None, version: str) -> None:
    """RFC 9112, section 3.2."""
    if host is None:
        if version == "1.1":
            raise ClosingError(400, "the request has no Host header")
        return
    if not _HOST.fullmatch(host):
        what = "more than one Host header" if b"," in host else "an invalid Host header"
        raise ClosingError(400, f"the request has {what}")
    if len(_known_hosts) < _MAX_KNOWN_HOSTS:
        _known_hosts.add(host)


def _check_transfer_encoding(value: bytes, version: str) -> None:
    # A coding before chunked would have to be removed from the content (RFC 9112, section 6.1).
    if version == "1.1" and value.lower() != b"chunked":
        raise ClosingError(501, "the only Transfer-Encoding that this server reads is chunked")
