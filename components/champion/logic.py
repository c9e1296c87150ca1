"""champion: the live model, for the steps that compare with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tenure.atomic import write_text
from tenure.bundle import read
from tenure.contract import parse
from tenure.errors import BundleError
from tenure.signing import TrustRoot
from tenure.tracking import Registry, Version, resolve


def run(*, contract: str, champion: Path) -> dict[str, Any]:
    """Fetch the champion's bundle.

    Args:
        contract: the contract, YAML text; its ``name`` is the registered model's.
        champion: written: ``champion.json`` and, if the champion's bundle is valid, ``bundle/``. ``champion.json`` has
            ``name``; ``version``, ``bundle_version``, ``data_hash`` and ``contract_hash`` (null without a champion);
            and ``unreadable``: why the champion's bundle is invalid, or null. With a trust root in ``TENURE_TRUST`` a
            bundle that none of its keys signed is invalid.

    Returns:
        The content of ``champion.json``.

    Raises:
        ContractError: the contract is invalid.
        InputError: ``TENURE_TRUST`` is not a trust root.
        SourceError: MLflow is down, does not answer in time, or refuses.
        StorageError: the disk is full or cannot be written.
    """
    registry = Registry(parse(contract).name, resolve())
    trust = TrustRoot.configured()
    found = registry.champion()
    champion.mkdir(parents=True, exist_ok=True)
    unreadable = None if found is None else _fetch(registry, found, champion / "bundle", trust)
    document = {
        "name": registry.name,
        "version": found and found.version,
        "bundle_version": found and found.bundle_version,
        "data_hash": found and found.data_hash,
        "contract_hash": found and found.contract_hash,
        "unreadable": unreadable,
    }
    write_text(champion / "champion.json", json.dumps(document, indent=1) + "\n")
    return document


def _fetch(registry: Registry, found: Version, folder: Path, trust: TrustRoot | None) -> str | None:
    """Download the bundle to ``folder``; returns the error if it is not valid, else None."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        bundle = read(registry.download(found.version, folder), trust=trust)
    except BundleError as error:
        shutil.rmtree(folder, ignore_errors=True)
        return str(error)
    if bundle.version != found.bundle_version:
        shutil.rmtree(folder)
        return (
            f"the registry's version {found.version} is bundle {found.bundle_version}, its files are {bundle.version}"
        )
    return None
