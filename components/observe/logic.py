"""observe: the state outside the run that differs between runs with the same parameters, for the cache key of steps.

On a laptop the command line reads it before the run. A scheduled run on a cluster has the parameters of the day its
schedule was created: without this step it would take last month's table from the cache.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tenure.contract import Contract, parse
from tenure.contract.sources import message_prefix, sources_of
from tenure.intake.ingest import naming_table
from tenure.sources.address import resolve as resolve_address
from tenure.sources.fingerprint import fingerprint as of_table
from tenure.sources.fingerprint import of_tables, read_again
from tenure.tracking import Registry, resolve


def run(*, contract: str) -> dict[str, str]:
    """Read the champion, the state of the data and the date.

    Args:
        contract: the contract, YAML text.

    Returns:
        ``champion``: version and bundle of the champion, empty for none.
        ``fingerprint``: changes when the data changes; for a database, at every call.
        ``as_of``: today in UTC if the contract limits the rows' age, else empty.

    Raises:
        ContractError: the contract is invalid, or its address contains a variable that is not set.
        DataError: the file does not exist.
        SourceError: MLflow or the store is unreachable, times out or denies access.
    """
    terms = parse(contract)
    found = Registry(terms.name, resolve()).champion()
    return {
        "champion": "" if found is None else f"{found.version}/{found.bundle_version}",
        "fingerprint": fingerprint(terms),
        "as_of": datetime.now(UTC).date().isoformat() if terms.max_age_days is not None else "",
    }


def fingerprint(terms: Contract) -> str:
    """The stores' fingerprint of the contract's tables; a unique one if a store cannot identify the content.

    Raises:
        ContractError, DataError, SourceError: as ``run``.
    """
    found = {}
    for name, source in sources_of(terms).items():
        with naming_table(message_prefix(terms, name)):
            address = resolve_address(source, Path("/"))
            # A path of a pod is a mounted volume, which may be large: reading it is the work of ingest.
            found[name] = read_again() if address.scheme is None else of_table(address, source)
    return of_tables(found)
