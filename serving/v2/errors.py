"""Errors of invalid requests."""

from __future__ import annotations

import reprlib

MAX_QUOTED = 80

_SHORT = reprlib.Repr()
"""Looks at no more of a list or an object than is shown, and not at all into deep ones."""
_SHORT.maxlevel = 4
_SHORT.maxlist = _SHORT.maxdict = _SHORT.maxtuple = MAX_QUOTED // 2
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 2 * MAX_QUOTED


class RequestError(ValueError):
    """The request is invalid; the message is one line for the client. HTTP 400, gRPC INVALID_ARGUMENT."""


class TooLargeError(RequestError):
    """The request is above a limit of size. HTTP 413, gRPC RESOURCE_EXHAUSTED."""


class UnknownModelError(RequestError):
    """There is no such model, or not in that version. HTTP 404, gRPC NOT_FOUND."""


def quote(value: object) -> str:
    """``value`` for a message: one short line of printable ASCII."""
    if isinstance(value, str | bytes):
        text = ascii(value[: MAX_QUOTED + 1])
    else:
        text = _SHORT.repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."
