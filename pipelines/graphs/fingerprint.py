"""Fingerprints of what a step's result depends on besides its inputs: the code, and the data at an address.

A step cache sees neither, only an image's name and the text of an address. So the local image's name contains a hash
of the code and its libraries, and ingest gets a fingerprint of the data as a parameter.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.fingerprint import fingerprint, read_again

PACKAGES = ("tenure", "components", "serving")
"""What runs inside a step; the server is what check_serving starts."""


def code_hash(root: Path | None = None) -> str:
    """Hash of the code that steps run, of the libraries' names and versions, and of Python's: 12 hexadecimal digits.

    Args:
        root: the folder of the packages; this checkout or installation by default.
    """
    base = root or Path(__file__).parents[2]
    total = hashlib.sha256(sys.version.encode())
    for package in PACKAGES:
        for file in sorted((base / package).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(base).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    # A distribution's metadata folder is called <name>-<version>.dist-info.
    for entry in sys.path:
        for metadata in sorted(Path(entry).glob("*.dist-info")):
            total.update(f"{metadata.name}\0".encode())
    return total.hexdigest()[:12]


def data_fingerprint(address: Address, source: Source) -> str:
    """A value that changes when the data at ``address`` does: SHA-256 of a local file, or of a local folder's files.

    A database or an object store gets a new fingerprint every time, without being asked: ingest reads it again, and
    the later steps are reused if the rows turn out to be the same (``components.content``).

    Args:
        address: of the table.
        source: the contract's, with the table's format if it names one.
    """
    return read_again() if address.scheme is not None else fingerprint(address, source)


def code_version(root: Path | None = None) -> str:
    """The git commit of the checkout, with ``-dirty`` where files differ; the code's hash outside a checkout."""
    import subprocess

    base = root or Path(__file__).parents[2]
    try:
        git = ["git", "-C", str(base), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        answer = subprocess.run(git, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return f"code-{code_hash(root)}"
    return answer.stdout.strip() if answer.returncode == 0 else f"code-{code_hash(root)}"
