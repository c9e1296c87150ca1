"""Reads a contract from YAML, with errors that name the key and the line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tenure.contract.schema import Contract
from tenure.errors import ContractError

FILE_NAME = "contract.yaml"

MAX_DEPTH = 50
"""Levels of nesting in a contract's YAML."""

# libyaml parses ten times as fast; PyYAML's wheels have it, a build from source may not.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Location = tuple[str | int, ...]


def load(path: Path | str) -> Contract:
    """Read the contract at ``path``: a YAML file, or a folder with a ``contract.yaml``.

    Raises:
        ContractError: the contract is missing or invalid; names file, line and key of the first error.
    """
    file = Path(path)
    if file.is_dir():
        file = file / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContractError(f"no contract at {file}; 'tenure init' drafts one from data") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"cannot read the contract {file}: {error}") from error
    return parse(text, origin=str(file))


def parse(text: str, origin: str = "contract") -> Contract:
    """Read a contract from YAML text; ``origin`` names it in errors.

    Raises:
        ContractError: as for ``load``.
    """
    try:
        node, document = _read_yaml(text, origin)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{origin}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContractError(f"{origin}: not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict):
        raise ContractError(f"{origin}: a contract is a mapping of keys to values, not a {type(document).__name__}")
    try:
        return Contract.model_validate(document)
    except ValidationError as error:
        line = _line_of(node, error.errors(include_url=False)[0]["loc"])
        raise ContractError(f"{origin}:{line}: {describe_error(error)}") from None


def dump(contract: Contract) -> str:
    """The contract as YAML, defaults left out; ``parse`` reads it back to an equal contract."""
    document = contract.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def contract_hash(contract: Contract) -> str:
    """SHA-256 of the contract's content, independent of layout, comments and source address.

    Defaults are left out: a key that a later release adds does not change the hash of an older contract.
    """
    document = contract.model_dump(mode="json", exclude={"source"}, exclude_defaults=True)
    return hashlib.sha256(json.dumps(document, sort_keys=False).encode()).hexdigest()


def _read_yaml(text: str, origin: str) -> tuple[yaml.Node | None, Any]:
    """The document's nodes, which know their lines, and its values.

    Raises:
        ContractError: a key is repeated, or the text is nested too deeply.
        YAMLError: the text is not YAML.
    """
    _refuse_depth(text, origin)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        _check_nodes(node, origin, {})
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def describe_error(error: ValidationError) -> str:
    """The first thing that is invalid, in one line that names its key."""
    details = error.errors(include_url=False)
    first = details[0]
    key = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        what = f"unknown key '{key}'"
    elif first["type"] == "missing":
        what = f"'{key}' is missing"
    else:
        message = first["msg"].removeprefix("Value error, ")
        what = f"'{key}': {message}" if key else message
    return what + (f" (and {len(details) - 1} more)" if len(details) > 1 else "")


def _line_of(node: yaml.Node | None, location: Location) -> int:
    """Line of the deepest part of ``location`` that is in the document, from 1."""
    line = 1
    for step in location:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, found = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
            line = found.start_mark.line + 1
        if found is None:
            return line
        node = found
    return line


def _refuse_depth(text: str, origin: str) -> None:
    """Refuse text that is nested more than ``MAX_DEPTH`` levels, by its events.

    libyaml composes nodes recursively in C: some ten thousand levels overflow the stack and end the process.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(origin, event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(origin: str, place: Any) -> ContractError:
    return ContractError(f"{origin}:{place.start_mark.line + 1}: nested more than {MAX_DEPTH} levels deep")


def _check_nodes(node: Any, origin: str, levels: dict[int, int]) -> int:
    """Levels of nesting in ``node``, each node checked once, however many aliases name it.

    Args:
        levels: of the nodes that were checked, by their ``id``.

    Raises:
        ContractError: a key is repeated, of which YAML would keep the last, or is not a word; aliases nest too deeply,
            or one contains itself.
    """
    if not isinstance(node, yaml.CollectionNode):
        return 0
    if id(node) in levels:
        return levels[id(node)]
    # Until it is checked: if an alias inside names it, it has no end.
    levels[id(node)] = MAX_DEPTH
    children = node.value
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, origin)
        children = [value for _, value in node.value]
    found = 1 + max((_check_nodes(child, origin, levels) for child in children), default=0)
    if found > MAX_DEPTH:
        raise _too_deep(origin, node)
    levels[id(node)] = found
    return found


def _check_keys(node: yaml.MappingNode, origin: str) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ContractError(f"{origin}:{key.start_mark.line + 1}: a key must be a word, not a collection")
        if key.value in seen:
            raise ContractError(f"{origin}:{key.start_mark.line + 1}: key '{key.value}' is repeated")
        seen.add(key.value)
