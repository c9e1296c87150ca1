"""Rewrites a contract of version 1 as version 2. Comments, order and layout stay, since whole lines are moved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tenure.contract.assembly import EVENTS_TABLE
from tenure.contract.document import read
from tenure.contract.load import parse
from tenure.contract.schema import Contract
from tenure.errors import ContractError

INDENT = "    "
"""Of the keys of a table, below ``tables`` and the table's name."""

Lines = list[str]


def migrate(text: str, origin: str = "contract") -> str:
    """The text of a contract in version 2; a text of version 2 is returned as it is.

    Args:
        text: a valid contract.
        origin: names it in errors.

    Raises:
        ContractError: the contract is invalid, or keys that are moved are in braces instead of one a line.
    """
    contract = parse(text, origin)
    if contract.version == 2:
        return text
    node, _ = read(text, origin)
    _refuse_braces(node, contract, origin)
    if contract.events is None:
        blocks = _blocks(text, node)
        return "".join(_with_version(_header(text, node), [lines for _, lines in blocks]))
    text = _edited(text, node, contract)
    node, _ = read(text, origin)
    written = "".join(_with_version(_header(text, node), list(_of_log(text, node, contract))))
    parse(written, origin)
    return written


def _refuse_braces(node: yaml.MappingNode, contract: Contract, origin: str) -> None:
    """Check that what is moved, or added to, has one key a line.

    Raises:
        ContractError: it is in braces.
    """
    parts = {"the contract": node}
    if contract.events is not None:
        parts |= {f"'{name}'": _value(node, name) for name in ("columns", "windows")}
    for name, part in parts.items():
        if part.flow_style:
            line = part.start_mark.line + 1
            raise ContractError(f"{origin}:{line}: the keys of {name} are in braces: write one a line, then migrate")


def _of_log(text: str, node: yaml.MappingNode, contract: Contract) -> Iterator[Lines]:
    blocks = dict(_blocks(text, node))
    for key, lines in blocks.items():
        if key == "source" or (key == "columns" and "source" not in blocks):
            yield ["zone: UTC  # where days begin\n", "tables:\n", f"  {EVENTS_TABLE}:\n", f"{INDENT}kind: events\n"]
            for part in ("source", "columns"):
                yield [line if not line.strip() else f"{INDENT}{line}" for line in blocks.get(part, [])]
        elif key == "events":
            yield _cuts(text, node, lines)
        elif key == "windows":
            yield [*_ended(lines), *_active_window(node, contract)]
        elif key != "columns":
            yield lines


def _cuts(text: str, node: yaml.MappingNode, lines: Lines) -> Lines:
    """The keys of ``events``, a level up."""
    events = _value(node, "events")
    if events.flow_style:
        parts = [text[key.start_mark.index : value.end_mark.index] + "\n" for key, value in events.value]
        return [*_comments(lines), *parts]
    depth = events.start_mark.column
    first = next(place for place, line in enumerate(lines) if line.startswith("events:"))
    title = lines[first].removeprefix("events:").strip()
    kept = [f"{title}\n"] if title else []
    return [*lines[:first], *kept, *(line[depth:] if line[:depth].isspace() else line for line in lines[first + 1 :])]


def _active_window(node: yaml.MappingNode, contract: Contract) -> Lines:
    if contract.events is None or _active_name(contract) in contract.windows:
        return []
    indent = " " * _value(node, "windows").start_mark.column
    return [
        f"{indent}{_active_name(contract)}:\n",
        f"{indent}  aggregate: count\n",
        f"{indent}  days: {contract.events.active_days}\n",
        f"{indent}  feature: false  # only 'eligible' reads it\n",
    ]


def _active_name(contract: Contract) -> str:
    """The window that counts the events by which a customer is active; a new one's name where there is none."""
    days = 0 if contract.events is None else contract.events.active_days
    for name, window in contract.windows.items():
        if window.aggregate == "count" and window.days == days and re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            return name
    name = f"events_{days}_days"
    while name in contract.windows or name in contract.columns or name in contract.derived:
        name += "_"
    return name


def _edited(text: str, node: yaml.MappingNode, contract: Contract) -> str:
    """The text with the keys and values of version 2 in place of those that are called otherwise."""
    edits: list[tuple[int, int, str]] = []
    label = _value(node, "label")
    kind = "no_event" if contract.label.aggregate is None else "value"
    between = ", " if label.flow_style else "\n" + " " * label.start_mark.column
    for key, value in label.value:
        if key.value == "horizon_days":
            new = f"kind: {kind}{between}horizon: {value.value} days"
            edits.append((key.start_mark.index, value.end_mark.index, new))
    for key, value in _value(node, "events").value:
        if key.value == "active_days":
            edits.append((key.start_mark.index, value.end_mark.index, f"eligible: {_active_name(contract)} > 0"))
    for _, column in _value(node, "columns").value:
        for key, value in column.value:
            if key.value == "role" and value.value == "sensitive":
                # No part of version 1 used it: an event's sensitive column is in no panel.
                edits.append((value.start_mark.index, value.end_mark.index, "ignored"))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _value(node: yaml.MappingNode, name: str) -> yaml.MappingNode:
    return next(value for key, value in node.value if key.value == name)


def _header(text: str, node: yaml.MappingNode) -> Lines:
    """The lines above the first key."""
    return text.splitlines(keepends=True)[: node.value[0][0].start_mark.line]


def _blocks(text: str, node: yaml.MappingNode) -> list[tuple[str, Lines]]:
    """Each key's lines, with the comments right above it; without ``version``."""
    lines = text.splitlines(keepends=True)
    starts = []
    for place, (key, _) in enumerate(node.value):
        start = key.start_mark.line
        while place and lines[start - 1].startswith("#"):
            start -= 1
        starts.append(start)
    ends = [*starts[1:], len(lines)]
    return [
        (key.value, _ended(lines[start:end]))
        for (key, _), start, end in zip(node.value, starts, ends, strict=True)
        if key.value != "version"
    ]


def _ended(lines: Lines) -> Lines:
    """Lines of which the last ends."""
    return lines if not lines or lines[-1].endswith("\n") else [*lines[:-1], lines[-1] + "\n"]


def _comments(lines: Lines) -> Lines:
    return [line for line in lines if line.startswith("#")]


def _with_version(header: Lines, blocks: list[Lines]) -> Iterator[str]:
    yield from header
    yield "version: 2\n"
    for lines in blocks:
        yield from lines
