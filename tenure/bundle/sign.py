"""Signs a bundle that lies in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tenure.bundle.files import read_files
from tenure.bundle.manifest import FILE_NAME, render_manifest
from tenure.signing import SigningKey, Statement, sign
from tenure.signing.statement import now_text


def signature_of(folder: Path, key: SigningKey, *, signed_by: str, run_id: str = "") -> bytes:
    """The content of ``signature.json`` for the bundle in ``folder``, whose files are verified first.

    Args:
        signed_by: user or service account that signs.
        run_id: of the run that registers the bundle; empty for a person.

    Raises:
        BundleError: the folder is not a bundle, or a file was changed.
    """
    manifest, _ = read_files(folder)
    # A manifest that was read is byte for byte what render_manifest writes.
    files = {FILE_NAME: hashlib.sha256(render_manifest(manifest)).hexdigest()}
    statement = Statement(
        files=files | {name: entry.sha256 for name, entry in manifest.files.items()},
        name=manifest.name,
        version=manifest.version,
        contract_sha256=manifest.contract_hash,
        signed_at=now_text(),
        signed_by=_printable(signed_by),
        run_id=_printable(run_id),
    )
    return sign(statement, key)


def _printable(text: str) -> str:
    """At most 200 printable ASCII characters, others replaced by ``?``."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)[:200]
