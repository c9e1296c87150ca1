"""The public tables of R's package ``modeldata``, out of Debian's package of it.

``apt-get download`` needs no rights and installs nothing. The tables lie in a database of serialized R objects, which
the Python package ``rdata`` reads, in an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.quality.cache import CACHE
from tenure.file_modes import make_folder

LABELS = {"mlc_churn": "churn", "attrition": "Attrition", "lending_club": "Class", "credit_data": "Status"}
"""Table to its label column."""

PACKAGE, RDATA = "r-cran-modeldata", "rdata==1.1.0"
READER = Path(__file__).with_name("read_modeldata.py")


def csv_file(name: str) -> Path:
    """The table as CSV; made, with the others, where it is missing."""
    folder = CACHE / "tables"
    if not (folder / f"{name}.csv").exists():
        make_folder(folder)
        _extract(folder)
    return folder / f"{name}.csv"


def _extract(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        _run("apt-get", "download", PACKAGE, at=place)
        (package,) = place.glob(f"{PACKAGE}_*.deb")
        _run("dpkg-deb", "-x", str(package), "files", at=place)
        _run(sys.executable, "-m", "venv", "environment", at=place)
        python = place / "environment" / "bin" / "python"
        _run(str(python), "-m", "pip", "install", "--quiet", RDATA, at=place)
        database = place / "files" / "usr" / "lib" / "R" / "site-library" / "modeldata" / "data" / "Rdata"
        _run(str(python), str(READER), str(database), str(folder), *LABELS, at=place)


def _run(*command: str, at: Path) -> None:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
