"""A user's request, prepared for the graph: the contract as text, the data's address and fingerprint."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tenure.contract import Contract, dump, load
from tenure.contract.load import find_file
from tenure.contract.overrides import override
from tenure.contract.settings import Source
from tenure.errors import ContractError
from tenure.generators.dataset import ensure_tables
from tenure.progress import listening, printed
from tenure.sources import absolute_uri, move_uri, replace_uri, sniff_other
from tenure.sources.address import resolve

MAX_CONTRACT_BYTES = 90_000
"""The contract is a command-line argument of each step, which Linux limits to 128 KiB; quoting takes part of it."""


@dataclass(frozen=True)
class Request:
    """A dataset to run a pipeline on."""

    contract: Contract
    """With an absolute address of the source, or that of ``--data``."""
    path: Path
    """Path of the contract."""
    text: str
    """The contract as passed to the steps, without comments and layout, which no result depends on."""
    fingerprint: str
    """Changes when the data changes."""
    shown_source: str
    """Address of the source, without credentials."""


def read_request(
    dataset: Path, data: str | None = None, *, trials: int | None = None, seed: int | None = None
) -> Request:
    """Read a contract, with the settings that the command line overrides.

    Args:
        dataset: the contract, or its folder.
        data: address of the table, instead of the contract's.
        trials: trials per model family, instead of the contract's.
        seed: of the split and of the search, instead of the contract's.

    Raises:
        ContractError: the contract is invalid, has no source, contains a password, or is too long for a step.
        DataError: ``data`` cannot be read.
    """
    from pipelines.graphs.fingerprint import data_fingerprint

    path = find_file(dataset)
    contract = load(path)
    folder = path.parent
    source = contract.source
    if data is not None:
        source, folder = _other_table(source, data), Path.cwd()
    else:
        with listening(printed(sys.stderr)):
            ensure_tables(folder)
    address = resolve(source, folder)
    uri = absolute_uri(source.uri or "", folder)
    password = urlsplit(uri).password if "://" in uri else None
    if password is not None and not password.startswith("${"):
        raise ContractError(
            f"the address {address.shown} contains a password, which would be visible in logs: "
            "write it as ${NAME} and set NAME in the environment"
        )
    contract = override(contract, trials=trials, seed=seed)
    contract = contract.model_copy(update={"source": source.model_copy(update={"uri": uri})})
    return Request(contract, path.absolute(), _text(contract, path), data_fingerprint(address, source), address.shown)


def read_from(request: Request, uri: str) -> Request:
    """``request`` with its table at another address, in the same format and with the same content.

    Raises:
        ContractError: the contract with this address is too long for a step.
    """
    contract = request.contract
    moved = contract.model_copy(update={"source": move_uri(contract.source, uri, request.path.parent)})
    return dataclasses.replace(request, contract=moved, text=_text(moved, request.path), shown_source=uri)


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
