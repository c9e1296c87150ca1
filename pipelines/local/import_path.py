"""Where the processes that the pipelines start import from."""

from __future__ import annotations

import os
from pathlib import Path


def import_environment() -> dict[str, str]:
    """Environment variables by which a Python process finds Tenure's packages, from any current folder and without an
    installation, and no module in the current folder: a user's ``random.py`` must not take the place of Python's.
    """
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
