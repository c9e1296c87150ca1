"""The address under which a client reaches the server, through a gateway or not."""

from __future__ import annotations

import re

from starlette.requests import Request

_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_MAX_PREFIX = 200


def address(request: Request) -> str:
    """Scheme, host and port of the request, with the prefix that a gateway removed from its path.

    A gateway names it in ``X-Forwarded-Prefix``. Anything but a plain path is ignored: the address is shown to people.
    """
    prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
    if len(prefix) > _MAX_PREFIX or not _PREFIX.fullmatch(prefix):
        prefix = ""
    return str(request.base_url).rstrip("/") + prefix
