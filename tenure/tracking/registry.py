"""The model registry: versions, the aliases ``champion`` and ``challenger``, and the champion's history.

register ──► challenger ──(the first blessed one, or promote)──► champion ──(promote another)──► past champion
                                                                    ▲                               │
                                                                    └──────────── rollback ─────────┘
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.errors import BundleError, InputError
from tenure.file_modes import make_folder
from tenure.signing import SigningKey, TrustRoot
from tenure.tracking.client import connect, mlflow_errors
from tenure.tracking.history import Action, Move, champions, moves, tag, whoami
from tenure.tracking.location import Location
from tenure.tracking.packaging import package
from tenure.tracking.stored_bundle import fetch, put_signature
from tenure.tracking.version import CHALLENGER, CHAMPION, TAG_PREFIX, Version, from_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tenure.contract import Contract

MODEL_PATH = "model-{bundle_version}"
"""Path of a model among a run's artifacts, by content, so that a repeated run overwrites no other version."""


class Registry:
    """The versions of one registered model, named as the contract.

    Every method raises ``SourceError`` if MLflow cannot be reached, does not answer in time or refuses, and
    ``StorageError`` if the disk of a local store is full or cannot be written. Reading from a home in which nothing is
    registered does not import MLflow.
    """

    def __init__(self, name: str, location: Location) -> None:
        self.name = name
        self.location = location
        self._client: MlflowClient | None = None

    def versions(self) -> list[Version]:
        """All versions, the newest first."""
        if self.location.is_empty:
            return []
        with self._mlflow() as client:
            model = self._model(client)
            if model is None:
                return []
            found = []
            page = client.search_model_versions(f"name='{self.name}'")
            while True:
                found += list(page)
                if not page.token:
                    break
                page = client.search_model_versions(f"name='{self.name}'", page_token=page.token)
            return sorted(
                (from_mlflow(version, model.aliases) for version in found), key=lambda v: int(v.version), reverse=True
            )

    def version(self, wanted: str) -> Version:
        """The version with the number or alias ``wanted``.

        Raises:
            InputError: there is no such version.
        """
        known = self.versions()
        for version in known:
            if wanted == version.version or wanted in version.aliases:
                return version
        there = ", ".join(version.version for version in known) or "none"
        raise InputError(f"model '{self.name}' has no version '{wanted}' (registered: {there})")

    def champion(self) -> Version | None:
        """The version that the alias ``champion`` names, if any."""
        return next((version for version in self.versions() if CHAMPION in version.aliases), None)

    def history(self) -> list[Move]:
        """The moves of the champion, oldest first."""
        if self.location.is_empty:
            return []
        with self._mlflow() as client:
            model = self._model(client)
            return [] if model is None else moves(model.tags)

    def register(
        self,
        bundle: Path,
        contract: Contract,
        *,
        mlflow_run_id: str,
        tags: Mapping[str, str],
        example: Mapping[str, Sequence[Any]] | None,
        key: SigningKey | None = None,
    ) -> Version:
        """Register ``bundle`` as a version of the run, and make it the challenger.

        A bundle that is registered already, with complete files and a signature of ``key``, gets new tags instead.
        So a repetition after a kill at any point ends in the same state.

        Args:
            tags: from ``tenure.tracking.version.to_tags``.
            example: raw input columns, a few rows each.
            key: signs the registered copy of the bundle; None registers it as it is.
        """
        with self._mlflow() as client:
            if self._model(client) is None:
                self._create_model(client, contract.description)
            trust = None if key is None else TrustRoot.of(key)
            version = self._same_bundle(tags["tenure.bundle_version"], trust)
            if version is not None:
                self._replace_tags(client, version.version, tags)
                number = version.version
            else:
                path = MODEL_PATH.format(bundle_version=tags["tenure.bundle_version"])
                signature = None
                if key is not None:
                    from tenure.bundle import signature_of

                    signature = signature_of(bundle, key, signed_by=whoami(), run_id=tags["tenure.run_id"])
                with tempfile.TemporaryDirectory(prefix="tenure-model-") as temporary:
                    model = package(bundle, contract, example, Path(temporary) / "model", signature)
                    client.log_artifacts(mlflow_run_id, str(model), path)
                source = f"{client.get_run(mlflow_run_id).info.artifact_uri.rstrip('/')}/{path}"
                number = str(client.create_model_version(self.name, source, mlflow_run_id, tags=dict(tags)).version)
            client.set_registered_model_alias(self.name, CHALLENGER, number)
        return self.version(number)

    def promote(self, wanted: str, *, who: str, why: str) -> Version:
        """Make the version with the number or alias ``wanted`` the champion.

        Raises:
            InputError: there is no such version, or ``who`` or ``why`` is empty.
        """
        version = self.version(wanted)
        present = self._record_foreign_move(who)
        if present != version.version:
            self._move("promote" if self.history() else "first", who, why, present, version.version)
        return self.version(version.version)

    def rollback(self, *, who: str, why: str) -> Version:
        """Make the champion before the present one the champion again.

        Raises:
            InputError: there is no earlier champion, or ``who`` or ``why`` is empty.
        """
        present = self._record_foreign_move(who)
        past = champions(self.history())
        if present is None or len(past) < 2:
            raise InputError(f"model '{self.name}' has no earlier champion to return to")
        target = self.version(past[-2])
        self._move("rollback", who, why, present, target.version)
        return self.version(target.version)

    def download(self, wanted: str, folder: Path) -> Path:
        """Copy the bundle of version ``wanted`` to ``folder``, which must not exist yet, and return it.

        Raises:
            InputError: there is no such version.
            BundleError: the version's files cannot be read.
        """
        version = self.version(wanted)
        make_folder(folder.parent)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".bundle-") as temporary:
            found = self._fetch(version.version, Path(temporary))
            try:
                found.rename(folder)
            except OSError as error:
                # Another process has downloaded the same version meanwhile.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        return folder

    def replace_signature(self, wanted: str, signature: bytes) -> None:
        """Store ``signature`` with the bundle of version ``wanted``, replacing a signature that exists.

        Raises:
            InputError: there is no such version.
        """
        version = self.version(wanted)
        with self._mlflow() as client:
            put_signature(client, self.name, version.version, signature, self.location.uri)

    def _fetch(self, number: str, into: Path) -> Path:
        with self._mlflow() as client:
            return fetch(client, self.name, number, into, self.location.uri)

    def _same_bundle(self, bundle_version: str, trust: TrustRoot | None) -> Version | None:
        """The newest version with this bundle whose files can still be read, signed by a key of ``trust``."""
        from tenure.bundle import read

        for version in self.versions():
            if version.bundle_version == bundle_version:
                with (
                    contextlib.suppress(BundleError),
                    tempfile.TemporaryDirectory(prefix="tenure-bundle-") as temporary,
                ):
                    read(self._fetch(version.version, Path(temporary)), trust=trust)
                    return version
        return None

    def _replace_tags(self, client: MlflowClient, number: str, tags: Mapping[str, str]) -> None:
        for key in client.get_model_version(self.name, number).tags:
            if key.startswith(TAG_PREFIX) and key not in tags:
                client.delete_model_version_tag(self.name, number, key)
        for key, value in tags.items():
            client.set_model_version_tag(self.name, number, key, value)

    def _move(self, action: Action, who: str, why: str, from_version: str | None, to_version: str) -> None:
        key, value = tag(action, who, why, from_version, to_version)
        with self._mlflow() as client:
            client.set_registered_model_tag(self.name, key, value)
            client.set_registered_model_alias(self.name, CHAMPION, to_version)

    def _record_foreign_move(self, who: str) -> str | None:
        """The present champion; a move that the history does not have is recorded."""
        champion = self.champion()
        present = champion.version if champion else None
        known = champions(self.history())
        recorded = known[-1] if known else None
        if present is not None and present != recorded:
            why = "the alias was found here: it was moved outside Tenure, or a move was interrupted"
            key, value = tag("found", who, why, recorded, present)
            with self._mlflow() as client:
                client.set_registered_model_tag(self.name, key, value)
        return present

    def _create_model(self, client: MlflowClient, description: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(self.name, description=description or None)
        except MlflowException as error:
            # Another run of the same contract has created it.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _model(self, client: MlflowClient) -> Any:
        """MLflow's registered model, or None."""
        from mlflow.exceptions import MlflowException

        try:
            return client.get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    @contextlib.contextmanager
    def _mlflow(self) -> Iterator[MlflowClient]:
        if self._client is None:
            self._client = connect(self.location)
        with mlflow_errors(self.location):
            yield self._client
