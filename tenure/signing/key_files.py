"""Key pairs on disk: for nobody but their owner, whatever the umask, and safe when two processes make one at once."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from datetime import date
from pathlib import Path

from tenure.errors import InputError, StorageError
from tenure.file_modes import OTHERS, PRIVATE_FILE, PRIVATE_FOLDER, make_folder, write_file
from tenure.signing.private_key import SigningKey
from tenure.signing.trust import VALID_UNTIL

SIGNING_KEY_FILE = "signing-key.pem"
TRUSTED_FOLDER = "trusted"
"""The public keys, a trust root. Apart from the private key, so that it can be handed on whole."""


def key_folder(home: Path) -> Path:
    """The folder of the keys in a home."""
    return home / "keys"


def home_key_file(home: Path) -> Path:
    """The file of a home's signing key."""
    return key_folder(home) / SIGNING_KEY_FILE


def ensure_home_key(home: Path) -> Path:
    """The file of a home's signing key, which is made if there is none.

    Raises:
        InputError: others may read the key.
        StorageError: the folder cannot be written.
    """
    file = home_key_file(home)
    if not file.exists():
        with contextlib.suppress(FileExistsError):  # another process was faster: its key counts
            write_key_pair(file.parent)
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    if mode & OTHERS:
        raise InputError(f"{file}: others may read the key (mode {mode:04o}): chmod 600 {file}")
    return file


def home_key(home: Path) -> SigningKey:
    """The signing key of a home, made when it is first asked for.

    Raises:
        InputError: the key's file is not a key, or others may read it.
        StorageError: the folder cannot be written.
    """
    file = ensure_home_key(home)
    try:
        return SigningKey.from_pem(file.read_bytes(), str(file))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None


def write_key_pair(folder: Path, valid_until: date | None = None) -> SigningKey:
    """Make a key pair in ``folder``: ``signing-key.pem``, and the public key in ``trusted/``.

    Args:
        valid_until: last day on which the public key is trusted.

    Raises:
        FileExistsError: the folder has a private key, which is never replaced.
        StorageError: the folder cannot be written.
    """
    key = SigningKey.generate()
    public = folder / TRUSTED_FOLDER / f"{key.key_id[:16]}.pem"
    until = "" if valid_until is None else f"{VALID_UNTIL}{valid_until.isoformat()}\n"
    try:
        for made in (folder, public.parent):
            make_folder(made)
            made.chmod(PRIVATE_FOLDER)
        # First, so that no key signs whose public half is lost; without its private half it is of no use to anybody.
        _write_new(public, until.encode() + key.public_pem())
        try:
            _write_new(folder / SIGNING_KEY_FILE, key.private_pem())
        except FileExistsError:
            public.unlink()
            raise
    except FileExistsError:
        raise
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror}") from error
    return key


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that appears whole, with mode 0600, or raise FileExistsError if there is one."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write_file(temporary, content)
        temporary.chmod(PRIVATE_FILE)  # a umask may have taken the owner's rights too
        # Unlike a rename, a link never replaces a file.
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
