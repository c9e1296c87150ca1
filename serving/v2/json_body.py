"""Bodies in JSON, of V1 and V2 requests."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from serving.v2 import json_pieces
from serving.v2.errors import RequestError, TooLargeError

MAX_COLLECTIONS = 2**21
"""Objects and lists of a body. An empty one takes 3 bytes in JSON and some 70 when it is parsed: 32 MiB of them would
take most of a pod's memory."""

_BYTES_BY_SIGN = ((ord(","), 32), (ord(":"), 40), (ord("["), 64), (ord("{"), 64))


def read_object(body: bytes, member: str) -> dict[str, Any]:
    """Read a body that is a JSON object.

    Args:
        member: key of the list that takes most of a large body.

    Raises:
        RequestError: the body is not JSON, or not an object.
        TooLargeError: it has more than ``MAX_COLLECTIONS`` objects and lists.
    """
    if len(body) > MAX_COLLECTIONS and body.count(b"{") + body.count(b"[") > MAX_COLLECTIONS:
        raise TooLargeError(f"the body has more than {MAX_COLLECTIONS} JSON objects and lists")
    try:
        document = json_pieces.loads(body, member)
    except orjson.JSONDecodeError as error:
        hint = " (a missing number is null)" if b"NaN" in body else ""
        raise RequestError(f"the body is not JSON: {error}{hint}") from None
    return as_object(document, "the body")


def parsed_bytes(body: bytes) -> int:
    """About how many bytes a body takes when it is parsed, beside its own.

    A list takes 64 bytes at least, and can be three in the body; values and keys count as on average. Signs in texts
    count too.
    """
    octets = np.frombuffer(body, np.uint8)
    equal = np.empty(len(body), np.bool_)
    return sum(size * int(np.count_nonzero(np.equal(octets, sign, out=equal))) for sign, size in _BYTES_BY_SIGN)


def as_object(value: object, what: str) -> dict[str, Any]:
    """``value``, checked to be a JSON object.

    Raises:
        RequestError: it is not an object; ``what`` names it in the message.
    """
    if not isinstance(value, dict):
        raise RequestError(f"{what} is not a JSON object")
    return value
