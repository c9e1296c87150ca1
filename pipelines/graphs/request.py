"""A user's request, prepared for the graph: the contract as text, the data's addresses and fingerprints."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tenure.contract import Contract, dump, load
from tenure.contract.load import find_file
from tenure.contract.overrides import override
from tenure.contract.settings import Source
from tenure.contract.sources import message_prefix, sources_of, table_names, with_sources
from tenure.errors import ContractError, InputError
from tenure.generators.dataset import ensure_tables
from tenure.intake.ingest import naming_table
from tenure.progress import listening, printed
from tenure.sources import absolute_uri, move_uri, replace_uri, sniff_other
from tenure.sources.address import Address, resolve
from tenure.sources.fingerprint import of_tables

MAX_CONTRACT_BYTES = 90_000
"""The contract is a command-line argument of each step, which Linux limits to 128 KiB; quoting takes part of it."""


@dataclass(frozen=True)
class Request:
    """A dataset to run a pipeline on."""

    contract: Contract
    """With absolute addresses of the sources, or those of ``--data``."""
    path: Path
    """Path of the contract."""
    text: str
    """The contract as passed to the steps, without comments and layout, which no result depends on."""
    fingerprints: Mapping[str | None, str]
    """Of each table, by name as ``sources_of``: changes when its data changes."""
    shown_source: str
    """Address of the source, without credentials; of several tables their names."""

    @property
    def fingerprint(self) -> str:
        """Changes when the data of a table changes."""
        return of_tables(self.fingerprints)


def read_request(
    dataset: Path,
    data: str | Sequence[str] | None = None,
    *,
    families: str | None = None,
    trials: int | None = None,
    budget: str | None = None,
    seed: int | None = None,
) -> Request:
    """Read a contract, with the settings that the command line overrides.

    Args:
        dataset: the contract, or its folder.
        data: addresses of tables, instead of the contract's: ``sessions=other.parquet``, or an address alone where
            there is one table.
        families: model families, divided by commas, or ``all``, instead of the contract's.
        trials: most trials per model family, instead of the contract's.
        budget: longest time of the search, instead of the contract's.
        seed: of the split and of the search, instead of the contract's.

    Raises:
        ContractError: the contract is invalid, lacks a source, contains a password, or is too long for a step.
        InputError: ``data`` names no table, or one twice.
        DataError: ``data`` cannot be read.
    """
    from pipelines.graphs.fingerprint import data_fingerprint

    path = find_file(dataset)
    contract = load(path)
    sources = sources_of(contract)
    instead = _by_table(contract, [data] if isinstance(data, str) else data or ())
    if len(instead) < len(sources):
        with listening(printed(sys.stderr)):
            ensure_tables(path.parent)
    found: dict[str | None, Source] = {}
    fingerprints: dict[str | None, str] = {}
    shown = ""
    for name, written in sources.items():
        with naming_table(message_prefix(contract, name)):
            source, folder = written, path.parent
            if name in instead:
                source, folder = _other_table(source, instead[name]), Path.cwd()
            address = resolve(source, folder)
            found[name] = source.model_copy(update={"uri": _absolute(source, address, folder)})
            fingerprints[name] = data_fingerprint(address, source)
            shown = address.shown
    contract = with_sources(override(contract, families=families, trials=trials, budget=budget, seed=seed), found)
    if len(found) > 1:
        shown = table_names(found)
    return Request(contract, path.absolute(), _text(contract, path), fingerprints, shown)


def read_from(request: Request, addresses: Mapping[str | None, str]) -> Request:
    """``request`` with tables at other addresses, in the same format and with the same content.

    Args:
        request: the dataset.
        addresses: of the tables that have moved, by name.

    Raises:
        ContractError: the contract with these addresses is too long for a step.
    """
    sources = sources_of(request.contract)
    for name, uri in addresses.items():
        sources[name] = move_uri(sources[name], uri, request.path.parent)
    moved = with_sources(request.contract, sources)
    shown = request.shown_source if len(sources) > 1 else next(iter(addresses.values()), request.shown_source)
    return dataclasses.replace(request, contract=moved, text=_text(moved, request.path), shown_source=shown)


def _by_table(contract: Contract, data: Sequence[str]) -> dict[str | None, str]:
    """The addresses of ``--data`` by the names of their tables.

    Raises:
        InputError: one names no table, or a table that another names too.
    """
    names = list(sources_of(contract))
    found: dict[str | None, str] = {}
    for each in data:
        left, equals, right = each.partition("=")
        named = bool(equals) and left in names
        if not named and len(names) > 1:
            known = ", ".join(map(str, names))
            raise InputError(f"--data {each}: write NAME=ADDRESS, where NAME is a table of '{contract.name}': {known}")
        name, address = (left, right) if named else (names[0], each)
        if name in found:
            raise InputError("--data gives a table two addresses" if name is None else f"--data gives '{name}' twice")
        found[name] = address
    return found


def _absolute(source: Source, address: Address, folder: Path) -> str:
    """The address as the steps get it: variables stay variables.

    Raises:
        ContractError: it contains a password.
    """
    uri = absolute_uri(source.uri or "", folder)
    password = urlsplit(uri).password if "://" in uri else None
    if password is not None and not password.startswith("${"):
        raise ContractError(
            f"the address {address.shown} contains a password, which would be visible in logs: "
            "write it as ${NAME} and set NAME in the environment"
        )
    return uri


def _other_table(source: Source, data: str) -> Source:
    """``source`` with the table at ``data``: as its content shows, where it is local.

    An object store or a database may be out of reach from here: such a table is written as the contract says.
    """
    other = replace_uri(source, data)
    return sniff_other(source, data) if resolve(other, Path.cwd()).scheme is None else other


def _text(contract: Contract, path: Path) -> str:
    """The contract as passed to the steps.

    Raises:
        ContractError: it contains what Kubeflow Pipelines would replace, or is too long.
    """
    text = dump(contract)
    if "{{$" in text:
        raise ContractError(f"{path}: the contract contains '{{{{$', which Kubeflow Pipelines would replace")
    if len(text.encode()) > MAX_CONTRACT_BYTES:
        raise ContractError(
            f"{path}: the contract has {len(text.encode()):,} bytes without comments, at most {MAX_CONTRACT_BYTES:,} "
            "can be passed to a step; remove columns with the role 'ignored' from it"
        )
    return text
