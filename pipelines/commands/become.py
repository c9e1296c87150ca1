"""Handing the process over to another of Tenure's programs: signals and the exit status are then its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pipelines.local.import_path import import_path


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Run ``python -m module arguments`` in this process's place; Tenure's packages are found installed or not."""
    os.environ["PYTHONPATH"] = import_path()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 there is no shell to start
