"""How processes that the pipelines start find Tenure's packages."""

from __future__ import annotations

import os
from pathlib import Path


def import_path() -> str:
    """``PYTHONPATH`` by which they are found where this one was, installed or not and whatever the current folder."""
    return os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
