"""Zstandard by pyarrow, which is imported for the first content in it."""

from __future__ import annotations

import asyncio
import importlib
import sys


async def imported() -> None:
    """Import pyarrow on a thread, if it is not yet imported: it takes a tenth of a second."""
    if "pyarrow" not in sys.modules:
        await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "pyarrow")
