"""Which engine computes: by the size of the tables, or as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tenure.errors import InputError
from tenure.features.engines.duckdb import BYTES_A_ROW, DuckDB, is_installed
from tenure.features.engines.engine import Engine
from tenure.features.engines.memory import Memory
from tenure.features.tables import Tables

ENGINE_VARIABLE = "TENURE_ENGINE"
"""``memory`` or ``duckdb``; by the size of the tables without it."""
MEMORY_VARIABLE = "TENURE_ENGINE_MEMORY_MB"
"""What the engine ``duckdb`` may take; a quarter of the machine's or container's memory without it."""

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def choose(tables: Tables, environment: Mapping[str, str] = os.environ) -> Engine:
    """The engine for tables of their size: ``memory`` as long as they fit, else ``duckdb`` where it is installed.

    Raises:
        InputError: a variable is not valid.
    """
    limit = _memory_mb(environment)
    name = environment.get(ENGINE_VARIABLE, "")
    if name not in ("", Memory.name, DuckDB.name):
        raise InputError(f"{ENGINE_VARIABLE} is '{name}': use {Memory.name} or {DuckDB.name}")
    rows = sum(table.count for table in tables.rows.values())
    if name == DuckDB.name or (not name and rows * BYTES_A_ROW > limit << 20 and is_installed()):
        return DuckDB(limit)
    return Memory()


def _memory_mb(environment: Mapping[str, str]) -> int:
    text = environment.get(MEMORY_VARIABLE)
    if text is None:
        return max(1, _available_bytes() // 4 >> 20)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**24:
        raise InputError(f"{MEMORY_VARIABLE} is '{text}': write a number of megabytes such as 2048")
    return int(text)


def _available_bytes() -> int:
    """Memory of the machine, or of the container if it has less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        text = _CGROUP_LIMIT.read_text(encoding="ascii").strip()
    except OSError:
        return machine
    return min(machine, int(text)) if text.isdigit() else machine
