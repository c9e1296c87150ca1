"""Which storage addresses a rollout may serve from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenure.errors import InputError

PREFIXES_VARIABLE = "TENURE_STORAGE_PREFIXES"
"""The prefixes that are allowed, separated by spaces or commas; none: every address is."""

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<authority>[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)"
    r"(?P<path>(/[A-Za-z0-9_.=+-]+)*)/?"
)
"""Lower-case scheme and bucket or host, no user, a path of plain names; no query, fragment, escape or empty name."""


def prefixes_of(text: str) -> tuple[str, ...]:
    """The prefixes in a setting's text, each with a "/" at its end.

    Raises:
        InputError: one is not an address.
    """
    found = tuple(part for part in re.split(r"[\s,]+", text) if part)
    for prefix in found:
        if not _plain(prefix):
            raise InputError(f"storage prefix {prefix!r} is not an address, as in s3://tenure-models/mlflow/")
    return tuple(f"{prefix.rstrip('/')}/" for prefix in found)


def check_address(address: str, prefixes: Sequence[str]) -> None:
    """Check that a storage address is below one of the prefixes.

    Anything by which two readers of an address could differ is refused: another spelling of scheme or bucket, user
    information, "." and ".." in the path, percent escapes, a query or fragment, and characters other than ASCII.

    Args:
        address: of a bundle, as in s3://tenure-models/mlflow/1/abc/artifacts/model/data/bundle.
        prefixes: of ``prefixes_of``; without any every address is allowed.

    Raises:
        InputError: it is not.
    """
    if not prefixes:
        return
    if not _plain(address):
        raise InputError(
            f"storage address {address!r}: the scheme and bucket must be lower case, and the path consist of letters, "
            f"digits and _.=+- without '..'"
        )
    if not any(address.startswith(prefix) for prefix in prefixes):
        raise InputError(
            f"storage address {address!r} is not below {', '.join(prefixes)}: the controller allows no other"
        )


def _plain(address: str) -> bool:
    match = _ADDRESS.fullmatch(address)
    return match is not None and not {".", ".."} & set(match["path"].split("/"))
