"""Writes a fitted model as a bundle."""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tenure.bundle.additions import Addition, file_name
from tenure.bundle.companion import Companion
from tenure.bundle.decision import Decision
from tenure.bundle.files import describe, write_files
from tenure.bundle.manifest import COMPANION, FileEntry, Manifest, content_version
from tenure.contract import Contract, contract_hash, dump
from tenure.contract.sources import without_sources
from tenure.explanation import Terms
from tenure.transform import Transform

_LIBRARIES = ("numpy", "onnx", "onnxruntime", "pyarrow", "scikit-learn", "tenure", "xgboost", "xgboost-cpu")


class ExportedModel(Protocol):
    """A model in the form of a bundle; ``tenure.training.export`` makes it."""

    @property
    def onnx(self) -> bytes:
        """The graph: ``features`` float32 (rows, features) to the task's ``Decision.MODEL_OUTPUTS``, (rows,) each."""

    @property
    def terms(self) -> Terms:
        """The same model as plain arrays, for explanations."""


def write(
    folder: Path | str,
    *,
    contract: Contract,
    transform: Transform,
    model: ExportedModel,
    decision: Decision,
    profile: dict[str, Any],
    family: str,
    data_hash: str,
    created_at: str,
    companion: Companion | None = None,
    additions: Sequence[Addition] = (),
) -> Manifest:
    """Write a bundle to ``folder`` atomically.

    The contract is written without its sources: users of the model need not know where its data came from, and the
    version must not depend on it.

    Args:
        companion: a linear model for a server to answer while ``model`` fails; None if ``model`` is linear.
        additions: outputs beside the prediction, at most one of a kind.

    Raises:
        BundleError: ``folder`` exists and is not empty.
        StorageError: the disk is full or cannot be written.
    """
    contents = {
        "contract.yaml": dump(without_sources(contract)).encode(),
        "decision.json": decision.to_json().encode(),
        "explain.npz": _archive(model.terms),
        "model.onnx": model.onnx,
        "profile.json": (json.dumps(profile, indent=1, allow_nan=False) + "\n").encode(),
        "transform.json": transform.to_json().encode(),
    }
    if companion is not None:
        contents[COMPANION] = companion.to_json().encode()
    for addition in additions:
        document = json.dumps(addition.to_document(), indent=1, allow_nan=False)
        contents[file_name(addition.KIND)] = f"{document}\n".encode()
    files: dict[str, FileEntry] = {name: describe(content) for name, content in contents.items()}
    manifest = Manifest(
        name=contract.name,
        version=content_version(files),
        family=family,
        created_at=created_at,
        data_hash=data_hash,
        contract_hash=contract_hash(contract),
        libraries=_libraries(),
        files=files,
    )
    write_files(Path(folder), manifest, contents)
    return manifest


def _archive(terms: Terms) -> bytes:
    """Uncompressed, with the fixed time stamps that numpy gives: equal terms make equal bytes."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = dict(terms.arrays())
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _libraries() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
