"""Signing a manifest, and verifying who signed one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tenure.errors import SignatureError
from tenure.signing import envelope as dsse
from tenure.signing import statement as statements
from tenure.signing.envelope import Envelope, Signature
from tenure.signing.private_key import SigningKey
from tenure.signing.statement import MANIFEST, PAYLOAD_TYPE, Statement
from tenure.signing.trust import TrustedKey, TrustRoot, today

FILE_NAME = "signature.json"
"""The signature in a bundle's folder. It is not among the files of the manifest, so signing changes no version."""
MAX_SIGNATURE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Signed:
    """A signature that was verified."""

    statement: Statement
    key_id: str
    valid_until: date | None
    """Last day of the key; None: until it is removed."""

    @property
    def summary(self) -> str:
        """Who signed when, in one line."""
        of_run = f" in run {self.statement.run_id}" if self.statement.run_id else ""
        return f"signed by {self.statement.signed_by}{of_run} at {self.statement.signed_at}, key {self.key_id[:16]}"


def sign(statement: Statement, key: SigningKey) -> bytes:
    """The content of a bundle's ``signature.json``."""
    unsigned = Envelope(statements.render(statement), PAYLOAD_TYPE, ())
    signature = Signature(key.sign(unsigned.signed_bytes), key.key_id)
    return dsse.render(Envelope(unsigned.payload, unsigned.payload_type, (signature,)))


def verify(manifest: bytes, signature: bytes | None, trust: TrustRoot, *, clock: Callable[[], date] = today) -> Signed:
    """Verify that a trusted key signed ``manifest``. The manifest is hashed, not parsed.

    Args:
        manifest: content of ``manifest.json``.
        signature: content of ``signature.json``; None if there is no such file.
        trust: the keys that are accepted.
        clock: the present day in UTC.

    Raises:
        SignatureError: the signature is missing, malformed, of a key that is not trusted or has expired, or over
            another manifest.
    """
    if signature is None:
        raise SignatureError(f"it is not signed: it has no {FILE_NAME}")
    if len(signature) > MAX_SIGNATURE_BYTES:
        raise SignatureError(f"{FILE_NAME} is longer than {MAX_SIGNATURE_BYTES} bytes")
    try:
        envelope = dsse.parse(signature)
    except ValueError as error:
        raise SignatureError(f"{FILE_NAME} is not a DSSE envelope: {error}") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise SignatureError(f"{FILE_NAME}: its payload is {ascii(envelope.payload_type)[:100]}, not {PAYLOAD_TYPE}")
    key = _signer(envelope, trust, clock())
    try:
        statement = statements.parse(envelope.payload)
    except ValueError as error:
        raise SignatureError(f"{FILE_NAME}: {error}") from None
    if statement.files[MANIFEST] != hashlib.sha256(manifest).hexdigest():
        raise SignatureError(
            f"{FILE_NAME} is over another manifest, that of {statement.name} {statement.version}: "
            f"the manifest was changed, or the signature is of another bundle"
        )
    return Signed(statement, key.key_id, key.valid_until)


def _signer(envelope: Envelope, trust: TrustRoot, day: date) -> TrustedKey:
    """The trusted key that signed; an expired one counts only for the error's text."""
    message = envelope.signed_bytes
    expired = None
    for signature in envelope.signatures:
        for key in _by_hint(trust, signature):
            if key.matches(signature.value, message):
                if not key.expired(day):
                    return key
                expired = key
    if expired is not None:
        raise SignatureError(f"it is signed by key {expired.key_id[:16]}, which expired on {expired.valid_until}")
    named = ", ".join(sorted({ascii(item.key_id[:16]).strip("'") for item in envelope.signatures if item.key_id}))
    raise SignatureError(
        f"it is not signed by a trusted key: {FILE_NAME} names {named[:200] or 'no key'}, "
        f"trusted: {', '.join(key.key_id[:16] for key in trust.keys[:8])}"
    )


def _by_hint(trust: TrustRoot, signature: Signature) -> Iterator[TrustedKey]:
    """All trusted keys, that of the signature's key id first: the id is not signed, so it decides nothing."""
    yield from (key for key in trust.keys if key.key_id == signature.key_id)
    yield from (key for key in trust.keys if key.key_id != signature.key_id)
