"""``manifest.json``: a bundle's identity, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenure import strict_json
from tenure.bundle import additions
from tenure.errors import BundleError

FILE_NAME = "manifest.json"
FORMAT: Final = 3
"""The format that is written. Formats 1, without a companion, and 2, without additions, can still be read."""
MAX_MANIFEST_BYTES = 64 * 1024
MAX_FILE_BYTES = 1024**3
"""A forest with the largest settings in the search space takes less than a tenth of this."""

FILE_NAMES = (
    "contract.yaml",
    "decision.json",
    "explain.npz",
    "model.onnx",
    "profile.json",
    "transform.json",
)
"""The files of every bundle besides the manifest."""
COMPANION = "companion.json"
"""An optional file since format 2; so are those of additions since format 3. No other names are allowed, so none can be
a path out of the folder."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(max_length=200, pattern=r"^[ -~]*$")]
"""One line of printable ASCII, safe in logs and answers."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileEntry(_Strict):
    """One file of the bundle."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]


class Manifest(_Strict):
    """A bundle's identity; read by ``parse_manifest``."""

    format: Literal[1, 2, 3] = FORMAT
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    """The contract's name."""
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    """First digits of the content's hash: bundles with equal content have the same version."""
    family: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    created_at: Words
    data_hash: Words
    contract_hash: Sha256
    libraries: Annotated[dict[Words, Words], Field(max_length=64)]
    """Versions of the libraries that the model was made with."""
    files: Annotated[dict[str, FileEntry], Field(max_length=64)]


def content_version(files: dict[str, FileEntry]) -> str:
    """The version of a bundle with these files: 12 hexadecimal digits over their names and hashes."""
    lines = "".join(f"{name} {files[name].sha256}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def render_manifest(manifest: Manifest) -> bytes:
    """The content of the manifest's file, with a hash over its members."""
    document = manifest.model_dump(mode="json")
    return _render(document | {"manifest_sha256": _checksum(document)})


def parse_manifest(raw: bytes) -> Manifest:
    """Read what ``render_manifest`` wrote.

    Raises:
        BundleError: the bytes are not a manifest, or one of them was changed.
    """
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BundleError(f"{FILE_NAME}: {len(raw)} bytes, a manifest has at most {MAX_MANIFEST_BYTES}")
    try:
        document = strict_json.parse(raw)
    except ValueError as error:
        raise BundleError(f"{FILE_NAME}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BundleError(f"{FILE_NAME}: not a mapping")
    checksum = document.pop("manifest_sha256", None)
    try:
        manifest = Manifest.model_validate_json(json.dumps(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(ascii(step).strip("'")[:60] for step in first["loc"])
        raise BundleError(f"{FILE_NAME}: {where}: {first['msg']}") from None
    _check_names(manifest)
    if checksum != _checksum(document) or raw != render_manifest(manifest):
        raise BundleError(f"{FILE_NAME}: it was changed after it was written")
    if manifest.version != content_version(manifest.files):
        raise BundleError(f"{FILE_NAME}: version {manifest.version} is not that of its files")
    return manifest


def _check_names(manifest: Manifest) -> None:
    known: tuple[str, ...] = FILE_NAMES
    if manifest.format >= 2:
        known += (COMPANION,)
    if manifest.format >= 3:
        known += additions.FILE_NAMES
    for name in manifest.files:
        if name not in known:
            raise BundleError(f"{FILE_NAME}: names a file that a bundle does not have: {ascii(name)[:100]}")
    for name in FILE_NAMES:
        if name not in manifest.files:
            raise BundleError(f"{FILE_NAME}: does not name {name}")


def _checksum(document: dict[str, Any]) -> str:
    return hashlib.sha256(_render(document)).hexdigest()


def _render(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
