"""Import path of the processes that the pipelines start."""

from __future__ import annotations

import os
from pathlib import Path


def import_path() -> str:
    """A ``PYTHONPATH`` with the folder of Tenure's packages, for any current folder and without an installation."""
    return os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
