"""Signatures of bundles in tests: keys, trust roots, and envelopes made by hand."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from tenure.bundle.manifest import parse_manifest
from tenure.signing import FILE_NAME, SigningKey, Statement, sign

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def statement_of(folder: Path, **changes: Any) -> Statement:
    """The statement that register would sign for the bundle in ``folder``."""
    raw = (folder / "manifest.json").read_bytes()
    manifest = parse_manifest(raw)
    fields: dict[str, Any] = {
        "files": {
            "manifest.json": hashlib.sha256(raw).hexdigest(),
            **{name: entry.sha256 for name, entry in manifest.files.items()},
        },
        "name": manifest.name,
        "version": manifest.version,
        "contract_sha256": manifest.contract_hash,
        "signed_at": "2026-03-01T12:00:00+00:00",
        "signed_by": "ann",
        "run_id": "r1",
    }
    return Statement(**(fields | changes))


def sign_folder(folder: Path, key: SigningKey, **changes: Any) -> None:
    """Sign the bundle in ``folder``."""
    (folder / FILE_NAME).write_bytes(sign(statement_of(folder, **changes), key))


def signed_copy(bundle: Path, folder: Path, key: SigningKey) -> Path:
    """A signed copy, in ``folder``, that a test may change."""
    shutil.copytree(bundle, folder)
    sign_folder(folder, key)
    return folder


def envelope(payload: bytes, *keys: SigningKey, payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
    """A DSSE envelope as a document, by the specification's text and not by Tenure's code."""
    message = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.key_id, "sig": base64.b64encode(key.sign(message)).decode()} for key in keys],
    }


def write_envelope(folder: Path, document: Any) -> None:
    """Write any JSON value as the bundle's signature."""
    (folder / FILE_NAME).write_text(json.dumps(document))


def write_trust(path: Path, *keys: SigningKey, before: str = "") -> Path:
    """A trust root of one file with these keys, each after the lines ``before``."""
    path.write_text("".join(before + key.public_pem().decode() for key in keys))
    return path
