"""A bundle's files on disk: verified before they are parsed, and written atomically."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Mapping
from pathlib import Path

from tenure import signing
from tenure.bundle import manifest as manifest_file
from tenure.bundle.manifest import MAX_MANIFEST_BYTES, FileEntry, Manifest, parse_manifest, render_manifest
from tenure.errors import BundleError, SignatureError, StorageError
from tenure.file_modes import make_folder, write_file
from tenure.signing import Signed, TrustRoot

_MAX_ENTRIES = 64


def read_files(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and the content of every file it names, with verified hashes.

    The returned bytes are those that were hashed: no file is opened twice. A signature is not looked at.

    Raises:
        BundleError: the folder is not a bundle, or a file is missing, added, changed or not a plain file.
    """
    manifest, contents, _ = _read_all(folder, None)
    return manifest, contents


def read_signed_files(folder: Path, trust: TrustRoot) -> tuple[Manifest, dict[str, bytes], Signed]:
    """As ``read_files``, with the signature, which is verified before the manifest is parsed.

    Raises:
        SignatureError: no key of ``trust`` signed the bundle.
        BundleError: as for ``read_files``.
    """
    manifest, contents, signed = _read_all(folder, trust)
    assert signed is not None  # noqa: S101 (for the type checker)
    return manifest, contents, signed


def read_signature(folder: Path) -> bytes | None:
    """The content of the bundle's signature, not verified; None if there is none.

    Raises:
        BundleError: it is longer than a signature, or not a plain file.
    """
    path = folder / signing.FILE_NAME
    return _read(path, limit=signing.MAX_SIGNATURE_BYTES) if os.path.lexists(path) else None


def _read_all(folder: Path, trust: TrustRoot | None) -> tuple[Manifest, dict[str, bytes], Signed | None]:
    entries = _entries(folder)
    if manifest_file.FILE_NAME not in entries:
        raise BundleError(f"{folder}: not a bundle: it has no {manifest_file.FILE_NAME}")
    try:
        raw = _read(folder / manifest_file.FILE_NAME, limit=MAX_MANIFEST_BYTES)
        signed = None if trust is None else signing.verify(raw, read_signature(folder), trust)
        manifest = parse_manifest(raw)
        if signed is not None:
            _check_statement(manifest, signed)
        _check_complete(manifest, entries)
        contents = {name: _read_checked(folder / name, entry) for name, entry in manifest.files.items()}
    except BundleError as error:
        raise type(error)(f"{folder}: {error}") from None
    return manifest, contents, signed


def _check_statement(manifest: Manifest, signed: Signed) -> None:
    """The statement must say of the files what the manifest says: other tools read the statement alone."""
    statement = signed.statement
    files = {name: digest for name, digest in statement.files.items() if name != manifest_file.FILE_NAME}
    if (statement.name, statement.version, statement.contract_sha256, files) != (
        manifest.name,
        manifest.version,
        manifest.contract_hash,
        {name: entry.sha256 for name, entry in manifest.files.items()},
    ):
        raise SignatureError(f"{signing.FILE_NAME} and {manifest_file.FILE_NAME} differ in name, version or files")


def write_files(
    folder: Path, manifest: Manifest, contents: Mapping[str, bytes], signature: bytes | None = None
) -> None:
    """Write the folder under a temporary name beside it and rename it.

    Args:
        signature: of the manifest; None for a bundle without one.

    Raises:
        BundleError: ``folder`` exists and is not empty.
        StorageError: the disk is full or cannot be written.
    """
    building = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        make_folder(building)
        written = {**contents, manifest_file.FILE_NAME: render_manifest(manifest)}
        if signature is not None:
            written[signing.FILE_NAME] = signature
        for name, content in written.items():
            write_file(building / name, content)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BundleError(f"{folder}: exists and is not empty")
        building.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot write the bundle: {error.strerror or error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def describe(content: bytes) -> FileEntry:
    """The manifest's entry for a file with this content."""
    return FileEntry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def _check_complete(manifest: Manifest, entries: set[str]) -> None:
    extra = sorted(entries - {manifest_file.FILE_NAME, signing.FILE_NAME, *manifest.files})
    if extra:
        raise BundleError(f"{ascii(extra[0])[:100]} is not in {manifest_file.FILE_NAME}")
    missing = sorted(set(manifest.files) - entries)
    if missing:
        raise BundleError(f"{missing[0]} is missing")


def _entries(folder: Path) -> set[str]:
    """Names of the folder's entries, which must be plain files."""
    names: set[str] = set()
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
                    raise BundleError(f"{folder}: {ascii(entry.name)[:100]} is not a plain file")
                names.add(entry.name)
                if len(names) > _MAX_ENTRIES:
                    raise BundleError(f"{folder}: not a bundle: it has more than {_MAX_ENTRIES} files")
    except FileNotFoundError:
        raise BundleError(f"{folder}: there is no such folder") from None
    except NotADirectoryError:
        raise BundleError(f"{folder}: not a bundle: it is a file, not a folder") from None
    except OSError as error:
        raise BundleError(f"{folder}: cannot read the bundle: {error.strerror}") from error
    return names


def _read_checked(path: Path, entry: FileEntry) -> bytes:
    content = _read(path, limit=entry.bytes, refusal="the manifest says {}")
    if len(content) != entry.bytes:
        raise BundleError(f"{path.name} has {len(content)} bytes, the manifest says {entry.bytes}")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise BundleError(f"{path.name} was changed: its SHA-256 is not the manifest's")
    return content


def _read(path: Path, limit: int, refusal: str = "{} are allowed") -> bytes:
    """The whole file, unless it is longer than ``limit`` bytes; never through a symbolic link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BundleError(f"{path.name} is not a plain file")
            if status.st_size > limit:
                raise BundleError(f"{path.name} has {status.st_size} bytes, {refusal.format(limit)}")
            return file.read(limit + 1)
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be read: {error.strerror}") from error
