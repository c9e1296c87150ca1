"""observe: what changes between two runs with the same parameters, as values that a step cache can compare.

On a laptop the command line looks before the run. On a cluster a run may be one of a schedule, whose parameters are
those of the day it was made: without this step it would take last month's table from the cache.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from pathlib import Path

from tenure.contract import Contract, parse
from tenure.sources.address import resolve as resolve_address
from tenure.sources.factory import format_of
from tenure.sources.files import filesystem, reading
from tenure.sources.watchdog import watched_once
from tenure.tracking import Registry, resolve

IDENTITY = ("ETag", "etag", "VersionId", "generation", "md5Hash", "content_md5", "LastModified", "mtime", "size")
"""What file systems say of a file that changes with its content."""


def run(*, contract: str) -> dict[str, str]:
    """Look at the registry, the data and the calendar.

    Args:
        contract: the contract's YAML.

    Returns:
        ``champion``: version and bundle of the champion, empty if there is none.
        ``fingerprint``: differs when the data does; for a database, every time.
        ``as_of``: today, UTC, where the contract limits the rows' age, else empty.

    Raises:
        ContractError: the contract cannot hold, or its address names a variable that is not set.
        DataError: there is no such file.
        SourceError: MLflow or the store is down, hangs or refuses.
    """
    terms = parse(contract)
    found = Registry(terms.name, resolve()).champion()
    return {
        "champion": "" if found is None else f"{found.version}/{found.bundle_version}",
        "fingerprint": fingerprint(terms),
        "as_of": datetime.now(UTC).date().isoformat() if terms.max_age_days is not None else "",
    }


def fingerprint(terms: Contract) -> str:
    """SHA-256 over what the store says of the contract's files; ``read-again-…`` where it says nothing that changes.

    Raises:
        ContractError, DataError, SourceError: as ``run``.
    """
    source = terms.source
    address = resolve_address(source, Path("/"))
    if (source.format or format_of(address)) == "sql" or address.scheme is None:
        return f"read-again-{uuid.uuid4().hex}"

    def look() -> list[str] | None:
        with reading(address):
            system, path = filesystem(address, source)
            details = system.find(path, detail=True) or {path: system.info(path)}
        facts = [{key: info[key] for key in IDENTITY if info.get(key) is not None} for info in details.values()]
        if not all(set(fact) - {"size"} for fact in facts):
            return None
        return sorted(f"{name} {sorted(fact.items())}" for name, fact in zip(details, facts, strict=True))

    found = watched_once(look, source.timeout_s, address.shown)
    if found is None:
        return f"read-again-{uuid.uuid4().hex}"
    return hashlib.sha256("\n".join(found).encode()).hexdigest()
