"""Time zones by their IANA names."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

MAX_NAME = 64


def _check_zone(name: str) -> str:
    try:
        time_zone(name[:MAX_NAME])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"'{name[:MAX_NAME]}' is not a time zone: use a name such as UTC, Europe/Berlin or America/New_York"
        ) from None
    return name


ZoneName = Annotated[str, AfterValidator(_check_zone)]


@cache
def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        ZoneInfoNotFoundError, ValueError, OSError: no time zone has this name.
    """
    return ZoneInfo(name)
