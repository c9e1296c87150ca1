"""What a user asks for, made ready for the graph: the contract as text, the address of the data, its fingerprint."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tenure.contract import Contract, dump, load
from tenure.contract.load import FILE_NAME
from tenure.contract.overrides import override
from tenure.errors import ContractError
from tenure.sources import absolute_uri, move_uri, replace_uri
from tenure.sources.address import resolve

MAX_CONTRACT_BYTES = 90_000
"""The contract travels in a command-line argument of each step, which Linux cuts at 128 KiB; quoting takes some."""


@dataclass(frozen=True)
class Request:
    """A dataset to run on."""

    contract: Contract
    """With the source's address absolute, or as ``--data`` said."""
    path: Path
    """Of the contract."""
    text: str
    """The contract as the steps get it: comments and layout, on which no result depends, left out."""
    fingerprint: str
    """Changes when the data does."""
    shown_source: str
    """The source's address without credentials."""


def read_request(
    dataset: Path, data: str | None = None, *, trials: int | None = None, seed: int | None = None
) -> Request:
    """Read the contract in the folder (or file) ``dataset``, and put in what the command line says otherwise.

    Args:
        dataset: where the contract is.
        data: address of the table.
        trials: trials a model family.
        seed: of the split and of the search.

    Raises:
        ContractError: the contract is wrong, has no source, holds a password or is too long for a step.
    """
    from pipelines.graphs.fingerprint import data_fingerprint

    path = dataset / FILE_NAME if dataset.is_dir() else dataset
    contract = load(path)
    folder = path.parent
    source = contract.source
    if data is not None:
        source, folder = replace_uri(source, data), Path.cwd()
    address = resolve(source, folder)
    uri = absolute_uri(source.uri or "", folder)
    password = urlsplit(uri).password if "://" in uri else None
    if password is not None and not password.startswith("${"):
        raise ContractError(
            f"the address {address.shown} holds a password, which logs would keep: "
            "write it as ${NAME} and set NAME in the environment"
        )
    contract = override(contract, trials=trials, seed=seed)
    contract = contract.model_copy(update={"source": source.model_copy(update={"uri": uri})})
    return Request(contract, path.absolute(), _text(contract, path), data_fingerprint(address, source), address.shown)


def read_from(request: Request, uri: str) -> Request:
    """``request`` with its table at another address, in the same format and with the same content.

    Raises:
        ContractError: with the address the contract is too long for a step.
    """
    contract = request.contract
    moved = contract.model_copy(update={"source": move_uri(contract.source, uri, request.path.parent)})
    return dataclasses.replace(request, contract=moved, text=_text(moved, request.path), shown_source=uri)


def _text(contract: Contract, path: Path) -> str:
    """The contract as it travels.

    Raises:
        ContractError: it cannot.
    """
    text = dump(contract)
    if "{{$" in text:
        raise ContractError(f"{path}: '{{{{$' stands in the contract, which Kubeflow Pipelines would replace")
    if len(text.encode()) > MAX_CONTRACT_BYTES:
        raise ContractError(
            f"{path}: the contract has {len(text.encode()):,} bytes without comments, at most {MAX_CONTRACT_BYTES:,} "
            "reach a step; leave columns with the role 'ignored' out of it"
        )
    return text
