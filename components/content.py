"""Artifacts addressed by content, so that a step that ran again with the same result does not invalidate later steps.

A step cache compares the addresses of a step's inputs. kfp gives the output of every execution a new address, so
reading the registry's champion, or a table that did not change, would repeat all later steps. On a local disk the
folder is therefore moved to an address that contains its hash; an address in an object store is not changed.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Protocol

from components.step import PIPELINE_ROOT_VARIABLE, environment_path
from tenure.file_modes import make_folder


class Artifact(Protocol):
    """The attributes of a kfp artifact that are used here."""

    name: str
    uri: str

    @property
    def path(self) -> str: ...


def address_by_content(*artifacts: Artifact) -> None:
    """Move each artifact's folder to ``<pipeline root>/content/<name>-<sha256>`` and set its ``uri``.

    A component calls it last. Nothing is moved unless the local runner has set ``TENURE_PIPELINE_ROOT``.
    """
    root = environment_path(PIPELINE_ROOT_VARIABLE)
    if root is None:
        return
    for artifact in artifacts:
        source = Path(artifact.path)
        target = root / "content" / f"{artifact.name}-{folder_hash(source)[:20]}"
        make_folder(target.parent)
        if target.exists():
            shutil.rmtree(source)
        else:
            source.rename(target)
        artifact.uri = str(target)


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of all files under ``folder``, sorted by name."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()
