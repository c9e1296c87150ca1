"""Replaces this process by another program of Tenure, which then gets the signals and sets the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pipelines.local.import_path import import_environment


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Execute ``python -m module arguments`` in place of this process, with Tenure's packages on the import path."""
    os.environ.update(import_environment())
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 there is no shell to start
