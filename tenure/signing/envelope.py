"""DSSE envelopes: a payload with its type and signatures over both.

Format: https://github.com/secure-systems-lab/dsse, version 1.0.2, protocol.md and envelope.md. The payload is parsed by
nobody before a signature over its bytes is verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from tenure import strict_json

MAX_SIGNATURES = 16
"""Each is tried with every trusted key, so their number is limited."""


@dataclass(frozen=True)
class Signature:
    """One signature of an envelope. The key's id is a hint: which key has signed is what verification finds out."""

    value: bytes
    key_id: str


@dataclass(frozen=True)
class Envelope:
    """A parsed envelope, not verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that a signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """PAE of the specification: type and payload, each after its length in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def render(envelope: Envelope) -> bytes:
    """The envelope as JSON text."""
    document = {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [
            {"keyid": signature.key_id, "sig": base64.b64encode(signature.value).decode()}
            for signature in envelope.signatures
        ],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def parse(raw: bytes) -> Envelope:
    """Read what ``render``, or another DSSE implementation, wrote. Unknown keys are ignored, as the format demands.

    Raises:
        ValueError: the bytes are not an envelope with 1 to ``MAX_SIGNATURES`` signatures.
    """
    document = strict_json.parse(raw)
    if not isinstance(document, dict):
        raise ValueError("it is not a mapping")  # noqa: TRY004 (one exception for bytes that are not an envelope)
    signatures = document.get("signatures")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise ValueError(f"'signatures' is not a list of 1 to {MAX_SIGNATURES} signatures")
    return Envelope(
        payload=_decode(document, "payload"),
        payload_type=_text(document, "payloadType"),
        signatures=tuple(_signature(item) for item in signatures),
    )


def _signature(item: Any) -> Signature:
    if not isinstance(item, dict):
        raise ValueError("a signature is not a mapping")  # noqa: TRY004
    return Signature(_decode(item, "sig"), _text(item, "keyid") if "keyid" in item else "")


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.isascii():
        raise ValueError(f"'{key}' is missing, or not a text in ASCII")
    return value


def _decode(document: dict[str, Any], key: str) -> bytes:
    """Standard base64 in its one canonical form: with padding, without line breaks or unused bits."""
    text = _text(document, key)
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"'{key}' is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise ValueError(f"'{key}' is not in the canonical form of base64")
    return value
