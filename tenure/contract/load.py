"""Reads a contract from YAML, with errors that name the key and the line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tenure.contract.document import Location, excerpt, line_of, read, read_text
from tenure.contract.schema import Contract
from tenure.errors import ContractError

FILE_NAME = "contract.yaml"

MAX_MESSAGE = 500
"""Characters of an error that quotes the contract."""

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def load(path: Path | str) -> Contract:
    """Read the contract at ``path``: a YAML file, or a folder with a ``contract.yaml``.

    Raises:
        ContractError: the contract is missing or invalid; names file, line and key of the first error.
    """
    file = find_file(Path(path))
    return parse(read_text(file), origin=str(file))


def find_file(path: Path) -> Path:
    """The contract's file that ``path`` names: itself, or the ``contract.yaml`` in it if it is a folder.

    Raises:
        ContractError: there can be no such path.
    """
    try:
        return path / FILE_NAME if path.is_dir() else path
    except (OSError, ValueError) as error:
        raise ContractError(f"cannot read the contract {excerpt(str(path))}: {error.args[-1]}") from None


def parse(text: str, origin: str = "contract") -> Contract:
    """Read a contract from YAML text; ``origin`` names it in errors.

    Raises:
        ContractError: as for ``load``.
    """
    node, document = read(text, origin)
    try:
        return Contract.model_validate(document)
    except ValidationError as error:
        line = line_of(node, _keys(error.errors(include_url=False)[0]["loc"]))
        raise ContractError(f"{origin}:{line}: {describe_error(error)}") from None


def dump(contract: Contract) -> str:
    """The contract as YAML, see ``written``; ``parse`` reads it back to an equal contract."""
    document = written(contract)
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def written(contract: Contract) -> dict[str, Any]:
    """The contract as JSON values, defaults left out.

    In ``business`` and ``decision`` a value that the contract sets is kept even if it is the default: reports tell what
    was set from what was assumed.
    """
    document: dict[str, Any] = contract.model_dump(mode="json", exclude_defaults=True)
    for section in ("business", "decision"):
        given = getattr(contract, section).model_dump(mode="json", exclude_unset=True)
        if given:
            document[section] = {**document.get(section, {}), **given}
    return document


def contract_hash(contract: Contract) -> str:
    """SHA-256 of the contract's content, independent of layout, comments and source address.

    Defaults are left out: a key that a later release adds does not change the hash of an older contract.
    """
    addresses: Any = {"source": True, "tables": {"__all__": {"source"}}}
    document = contract.model_dump(mode="json", exclude=addresses, exclude_defaults=True)
    return hashlib.sha256(json.dumps(document, sort_keys=False).encode()).hexdigest()


def describe_error(error: ValidationError) -> str:
    """The first thing that is invalid, in one line that names its key."""
    details = error.errors(include_url=False)
    first = details[0]
    key = ".".join(str(step) for step in _keys(first["loc"]))
    if first["type"] == "extra_forbidden":
        what = f"unknown key '{key}'"
    elif first["type"] == "missing":
        what = f"'{key}' is missing"
    else:
        message = first["msg"].removeprefix("Value error, ")
        what = f"'{key}': {message}" if key else message
    return excerpt(what, MAX_MESSAGE) + (f" (and {len(details) - 1} more)" if len(details) > 1 else "")


def _keys(location: Location) -> Location:
    """A location without the tags of unions, which stand in angle brackets and are no keys of the document."""
    return tuple(step for step in location if not (isinstance(step, str) and step.startswith("<")))
