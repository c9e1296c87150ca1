"""Handing the process over to another of Tenure's programs: signals and the exit status are then its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Run ``python -m module arguments`` in this process's place; Tenure's packages are found installed or not."""
    root = str(Path(__file__).parent.parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 there is no shell to start
