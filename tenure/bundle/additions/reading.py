"""The files of additions in a bundle."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from tenure import strict_json
from tenure.bundle.additions import kinds
from tenure.bundle.additions.addition import AddedColumn, Addition

if TYPE_CHECKING:
    from tenure.contract import Contract
    from tenure.transform import Transform


def file_name(kind: str) -> str:
    """The file of an addition of this kind."""
    return f"{kind}.json"


_KINDS = {file_name(module.name): module.name for module in pkgutil.iter_modules(kinds.__path__)}

FILE_NAMES = tuple(sorted(_KINDS))
"""The files that a bundle may have for its additions."""

_OF_ANY_TASK = frozenset(
    {"key", "row", "time", "decision", "contact", "band", "recommendation", "margin", "version", "model_version"}
    | {"imputed", "unknown", "out_of_range", "reasons", "contributions", "fallback"}
)
"""Names in files and answers that are those of other things."""


def read_addition(name: str, raw: bytes, transform: Transform, contract: Contract) -> Addition:
    """Read the file ``name``, one of ``FILE_NAMES``.

    Raises:
        ValueError, TypeError, KeyError: the file is too long, not JSON, or not an addition of its kind.
    """
    kind: type[Addition] = import_module(f"{kinds.__name__}.{_KINDS[name]}").ADDITION
    if len(raw) > kind.MAX_BYTES:
        raise ValueError(f"{len(raw)} bytes, at most {kind.MAX_BYTES} are read")
    return kind.from_document(strict_json.parse(raw), transform, contract)


def check_columns(additions: Sequence[Addition], taken: Iterable[str]) -> tuple[AddedColumn, ...]:
    """The columns of all additions.

    Args:
        taken: names of the task's own outputs.

    Raises:
        ValueError: two columns have the same name, or one that another output has.
    """
    used = {*_OF_ANY_TASK, *taken}
    columns = [column for addition in additions for column in addition.columns]
    for column in columns:
        if column.name in used:
            raise ValueError(f"the output {ascii(column.name)[:100]} occurs twice")
        used.add(column.name)
    return tuple(columns)
