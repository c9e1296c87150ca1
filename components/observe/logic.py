"""observe: what changes between two runs with the same parameters, as values that a step cache can compare.

On a laptop the command line looks before the run. On a cluster a run may be one of a schedule, whose parameters are
those of the day it was made: without this step it would take last month's table from the cache.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tenure.contract import Contract, parse
from tenure.sources.address import resolve as resolve_address
from tenure.sources.fingerprint import fingerprint as of_table
from tenure.sources.fingerprint import read_again
from tenure.tracking import Registry, resolve


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
    """What the store says of the contract's files; ``read-again-…`` where it says nothing that changes.

    Raises:
        ContractError, DataError, SourceError: as ``run``.
    """
    address = resolve_address(terms.source, Path("/"))
    # A path of a pod is a mounted volume, which may be large: reading it is the work of ingest.
    return read_again() if address.scheme is None else of_table(address, terms.source)
