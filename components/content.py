"""Artifacts named by what is in them, so that a step that ran again and found the same does not wake those after it.

A step cache compares the addresses of a step's inputs. kfp gives every execution's output a new address, so
asking the registry which version is champion, or reading a table that did not change, would run everything
after it once more. On a local disk the folder is therefore moved to an address made of its content; an object
store's address is left as it is.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Protocol

from components.step import PIPELINE_ROOT_VARIABLE, environment_path


class Artifact(Protocol):
    """What is needed of a kfp artifact."""

    name: str
    uri: str

    @property
    def path(self) -> str: ...


def address_by_content(*artifacts: Artifact) -> None:
    """Move each artifact's folder to ``<pipeline root>/content/<name>-<sha256>`` and say so in its ``uri``.

    The last thing a component does. Without ``TENURE_PIPELINE_ROOT``, the local runner's, nothing is moved.
    """
    root = environment_path(PIPELINE_ROOT_VARIABLE)
    if root is None:
        return
    for artifact in artifacts:
        source = Path(artifact.path)
        target = root / "content" / f"{artifact.name}-{folder_hash(source)[:20]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(source)
        else:
            source.rename(target)
        artifact.uri = str(target)


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and the content of all files under ``folder``, whatever the order they were written in."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()
