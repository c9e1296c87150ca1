"""What is signed: an in-toto statement about the files of a bundle.

Format: https://github.com/in-toto/attestation, spec/v1/statement.md. The subjects are the manifest and every file that
it names; the predicate says of which model and version they are, and who signed when.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenure import strict_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:tenure:bundle:v1"
MANIFEST = "manifest.json"
"""Equal to ``tenure.bundle.manifest.FILE_NAME``, which the rollout's image cannot import (checked by a test)."""

_FIELDS = ("name", "version", "contract_sha256", "signed_at", "signed_by", "run_id")
_TEXT = re.compile(r"[ -~]{0,200}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Statement:
    """The content of a signature."""

    files: dict[str, str]
    """SHA-256 by name: ``manifest.json`` and every file that it names."""
    name: str
    """Name of the model, which is its contract's."""
    version: str
    """Version of the bundle."""
    contract_sha256: str
    signed_at: str
    """UTC, ISO 8601."""
    signed_by: str
    """User or service account, as the signer knows itself."""
    run_id: str
    """Id of the run that registered the bundle; empty if a person signed it."""


def now_text() -> str:
    """The present second in the form of ``Statement.signed_at``."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def render(statement: Statement) -> bytes:
    """The statement as JSON text."""
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(statement.files.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {field: getattr(statement, field) for field in _FIELDS},
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def parse(raw: bytes) -> Statement:
    """Read what ``render`` wrote; called with a payload whose signature is verified.

    Raises:
        ValueError: the bytes are not such a statement.
    """
    document = strict_json.parse(raw)
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise ValueError("it is not an in-toto statement of version 1")
    if document.get("predicateType") != PREDICATE_TYPE:
        raise ValueError("it is not a statement about a bundle of Tenure")
    predicate = document.get("predicate")
    if not isinstance(predicate, dict):
        raise ValueError("'predicate' is not a mapping")  # noqa: TRY004 (one exception for an invalid statement)
    return Statement(_files(document.get("subject")), **{field: _text(predicate, field) for field in _FIELDS})


def _files(subjects: Any) -> dict[str, str]:
    if not isinstance(subjects, list):
        raise ValueError("'subject' is not a list")  # noqa: TRY004
    files: dict[str, str] = {}
    for subject in subjects:
        digest = subject.get("digest") if isinstance(subject, dict) else None
        sha256 = digest.get("sha256") if isinstance(digest, dict) else None
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ValueError("a subject has no SHA-256")
        name = _text(subject, "name")
        if name in files:
            raise ValueError(f"subject {name} is repeated")
        files[name] = sha256
    if MANIFEST not in files:
        raise ValueError(f"{MANIFEST} is not among its subjects")
    return files


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError(f"'{key}' is missing, or not one line of ASCII")
    return value
