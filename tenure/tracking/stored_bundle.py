"""The files of a registered version's bundle, in MLflow's artifact store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.errors import BundleError, first_line
from tenure.signing import FILE_NAME
from tenure.tracking.packaging import BUNDLE_PATH

if TYPE_CHECKING:
    from mlflow import MlflowClient


def fetch(client: MlflowClient, name: str, number: str, into: Path, tracking_uri: str) -> Path:
    """Download the bundle of model ``name``, version ``number``, into the folder ``into``; returns the bundle's folder.

    Raises:
        BundleError: the version's files cannot be read, or hold no bundle.
    """
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    source = client.get_model_version_download_uri(name, number)
    try:
        mlflow.artifacts.download_artifacts(
            artifact_uri=f"{source.rstrip('/')}/{BUNDLE_PATH}", dst_path=str(into), tracking_uri=tracking_uri
        )
    except (FileNotFoundError, MlflowException) as error:
        text = f"the files of model '{name}' version {number} cannot be read: {first_line(error)}"
        raise BundleError(text) from error
    found = next((path for path in (into / BUNDLE_PATH, into / Path(BUNDLE_PATH).name) if path.is_dir()), None)
    if found is None:
        raise BundleError(f"model '{name}' version {number} holds no bundle")
    return found


def put_signature(client: MlflowClient, name: str, number: str, signature: bytes, tracking_uri: str) -> None:
    """Store ``signature`` with the bundle, replacing a signature that exists."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    source = client.get_model_version_download_uri(name, number)
    with tempfile.TemporaryDirectory(prefix="tenure-signature-") as temporary:
        file = Path(temporary) / FILE_NAME
        file.write_bytes(signature)
        store = get_artifact_repository(source, tracking_uri=tracking_uri)
        store.log_artifact(str(file), BUNDLE_PATH)  # type: ignore[no-untyped-call]
