"""The YAML of a contract: a subset of YAML 1.1 that costs no more than its length to read.

Mappings with texts as keys, sequences and plain values. Anchors, aliases, tags and merge keys are refused: an alias may
make a small file as large as it likes, and a tag may name any type. Size, depth and the number of values are limited,
and the length of a number, whose conversion takes time that grows with the square of its digits.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import yaml

from tenure.errors import ContractError

MAX_BYTES = 2**20
"""Size of a contract's YAML."""
MAX_DEPTH = 50
"""Levels of nesting."""
MAX_VALUES = 100_000
"""Keys and values."""
MAX_NUMBER_LENGTH = 100
"""Characters of a number or a date."""

MAX_QUOTED = 60
"""Characters of the document that a message quotes."""

MERGE = "<<"

# libyaml parses ten times as fast; PyYAML's wheels have it, a build from source may not.
_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Location = tuple[str | int, ...]


class _Loader(_Base):  # type: ignore[valid-type, misc]
    """Reads keys as they are written, and numbers and dates with errors that know their line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        # A column named 2026, or 2026-13-45, is a text to a table.
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_scalar_checked(self, node: yaml.ScalarNode) -> Any:
        construct = _Base.yaml_constructors[node.tag]
        if len(node.value) <= MAX_NUMBER_LENGTH:
            try:
                return construct(self, node)
            except (ValueError, ArithmeticError):
                pass
        kind = "date" if node.tag.endswith("timestamp") else "number"
        problem = f"'{excerpt(node.value)}' is not a valid {kind}; a text is written in quotes"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


for _kind in ("int", "float", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_scalar_checked)
for _kind in ("merge", "value"):  # '<<' and '=', which are texts here
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_yaml_str)


def read_text(file: Path) -> str:
    """The text of a contract's file, of which no more is read than a contract may have.

    Raises:
        ContractError: there is no such file, it is not a regular file, or not UTF-8.
    """
    try:
        # A pipe without a writer would be waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ContractError(f"cannot read the contract {file}: it is not a regular file")
            return stream.read(MAX_BYTES + 1).decode("utf-8-sig")
    except FileNotFoundError:
        raise ContractError(f"no contract at {file}; 'tenure init' drafts one from data") from None
    except UnicodeDecodeError as error:
        raise ContractError(f"cannot read the contract {file}: it is not UTF-8 (byte {error.start + 1})") from None
    except (OSError, ValueError) as error:
        raise ContractError(f"cannot read the contract {file}: {error}") from error


def read(text: str, origin: str) -> tuple[yaml.MappingNode, dict[str, Any]]:
    """The document's root node, which knows the lines (see ``line_of``), and its values.

    Args:
        origin: names the text in errors.

    Raises:
        ContractError: the text is not YAML of the subset, or not a mapping.
    """
    if len(text) > MAX_BYTES:
        raise ContractError(f"{origin}: longer than {MAX_BYTES >> 20} MiB")
    try:
        # Before libyaml composes nodes, by recursion in C: some ten thousand levels end the process.
        _check_events(text, origin)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                raise ContractError(f"{origin}: a contract is a mapping of keys to values")
            _check_keys(node, origin)
            return node, loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{origin}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise ContractError(f"{origin}: not YAML: {str(error).splitlines()[0]}") from None


def line_of(node: yaml.Node, location: Location) -> int:
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


def excerpt(text: str, limit: int = MAX_QUOTED) -> str:
    """``text`` as a message quotes it: its first ``limit`` characters, those that do not print as escapes."""
    cut = text[:limit]
    shown = (
        cut if cut.isprintable() else "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in cut)
    )
    return f"{shown}…" if len(text) > limit else shown


def _check_events(text: str, origin: str) -> None:
    """Hold the text against the subset and its limits, without building anything.

    Raises:
        ContractError: names the line.
        YAMLError: the text is not YAML.
    """
    depth = values = documents = 0
    tag: str | None = None
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(origin, event, "a second document ('---') is not allowed")
        elif isinstance(event, yaml.NodeEvent):
            values += 1
            if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
                raise _refused(origin, event, f"anchors and aliases ('{excerpt(str(event.anchor))}') are not allowed")
            if isinstance(event, yaml.CollectionStartEvent):
                tag = event.tag
                depth += 1
            elif isinstance(event, yaml.ScalarEvent):
                tag = event.tag
                if "\0" in event.value or (not event.value.isascii() and _has_surrogate(event.value)):
                    raise _refused(origin, event, "a text contains NUL or a lone surrogate")
            if tag is not None:
                raise _refused(origin, event, f"not YAML of a contract: the tag '{excerpt(tag)}' is not allowed")
            if depth > MAX_DEPTH:
                raise _refused(origin, event, f"nested more than {MAX_DEPTH} levels deep")
            if values > MAX_VALUES:
                raise _refused(origin, event, f"more than {MAX_VALUES} keys and values")


def _refused(origin: str, event: yaml.Event, problem: str) -> ContractError:
    line = event.start_mark.line + 1 if event.start_mark else "?"
    return ContractError(f"{origin}:{line}: {problem}")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _check_keys(node: yaml.Node, origin: str) -> None:
    """Check the keys of ``node`` and of all below it.

    Raises:
        ContractError: a key is repeated, of which YAML would keep the last, is not a word, or merges mappings.
    """
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_keys(value, origin)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ContractError(f"{origin}:{key.start_mark.line + 1}: a key must be a word, not a collection")
            if key.value == MERGE:
                raise ContractError(f"{origin}:{key.start_mark.line + 1}: the merge key '{MERGE}' is not allowed")
            if key.value in seen:
                raise ContractError(f"{origin}:{key.start_mark.line + 1}: key '{excerpt(key.value)}' is repeated")
            seen.add(key.value)
            _check_keys(value, origin)
