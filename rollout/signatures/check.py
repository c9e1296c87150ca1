"""Checks the signature of a new version's bundle in its store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rollout.registry import MlflowRegistry
from rollout.signatures.store import read_file
from tenure.errors import SignatureError
from tenure.signing import FILE_NAME, MAX_SIGNATURE_BYTES, Signed, TrustRoot, verify
from tenure.signing.statement import MANIFEST

MAX_MANIFEST_BYTES = 64 * 1024
"""Equal to ``tenure.bundle.manifest``'s, which the image of the rollout has not (checked by a test)."""


class BundleCheck:
    """Refuses bundles that no trusted key signed.

    Only manifest and signature are read. The server holds every other file against them when it loads the bundle, and
    verifies the signature again: the store may change in between.

    Args:
        trust: file or folder of public keys, read anew for every bundle; None accepts any bundle.
        registry: which knows the bundle of a version; None: whatever is signed and lies at the address.
        read: content of a file by its address and largest size; None if there is no such file.

    Raises:
        InputError: the trust root is invalid.
    """

    def __init__(
        self,
        trust: Path | None,
        registry: MlflowRegistry | None,
        read: Callable[[str, int], bytes | None] = read_file,
    ) -> None:
        self._trust = trust
        self._registry = registry
        self._read = read
        if trust is not None:
            TrustRoot.read(trust)

    def verify(self, model: str, version: str, storage_uri: str) -> Signed | None:
        """Who signed the bundle at ``storage_uri``; None without a trust root.

        Args:
            model: the registered model's name.
            version: its number in the registry, or any text that names it.

        Raises:
            SignatureError: no trusted key signed it, or it is another bundle than the registry's version.
            InputError: the trust root is invalid, or the address cannot be read.
            SourceError: the store or the registry does not answer.
        """
        if self._trust is None:
            return None
        trust = TrustRoot.read(self._trust)
        folder = storage_uri.rstrip("/")
        manifest = self._read(f"{folder}/{MANIFEST}", MAX_MANIFEST_BYTES)
        if manifest is None:
            raise SignatureError(f"{storage_uri}: not a bundle: it has no {MANIFEST}")
        try:
            signed = verify(manifest, self._read(f"{folder}/{FILE_NAME}", MAX_SIGNATURE_BYTES), trust)
        except SignatureError as error:
            raise SignatureError(f"{storage_uri}: {error}") from None
        self._check_version(signed, model, version, storage_uri)
        return signed

    def _check_version(self, signed: Signed, model: str, version: str, storage_uri: str) -> None:
        """An older bundle has a valid signature too: it must be the one that the registry calls by this number."""
        registered = None if self._registry is None else self._registry.bundle_version(model, version)
        if registered is None:
            return
        found = signed.statement
        if (found.name, found.version) != (model, registered):
            raise SignatureError(
                f"{storage_uri}: it is bundle {found.version} of {found.name}, "
                f"but version {version} of {model} is bundle {registered}"
            )
