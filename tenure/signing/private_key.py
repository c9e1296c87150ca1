"""The key that signs: Ed25519, as ``cryptography`` and OpenSSL write it in PEM (PKCS #8, not encrypted)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNING_KEY_VARIABLE = "TENURE_SIGNING_KEY"
"""The private key's PEM text, as a Secret gives it, or the path of a file with it."""


@dataclass(frozen=True)
class SigningKey:
    """A private key and the id of its public key."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> SigningKey:
        """A new random key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, origin: str) -> SigningKey:
        """Read a private key.

        Args:
            origin: where the text comes from, for messages.

        Raises:
            InputError: it is not an Ed25519 private key in PEM without a passphrase.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private = None  # the library's message could quote the key
        if not isinstance(private, Ed25519PrivateKey):
            raise InputError(f"{origin}: not an Ed25519 private key in PEM without a passphrase")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        """The signature of 64 bytes over ``message``."""
        return self.private.sign(message)

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def key_id(self) -> str:
        """SHA-256 of the public key; see the function ``key_id``."""
        return key_id(self.public)

    def private_pem(self) -> bytes:
        """PKCS #8 in PEM, not encrypted."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_pem(self) -> bytes:
        """The public key in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(public: Ed25519PublicKey) -> str:
    """SHA-256 of the public key in DER (SubjectPublicKeyInfo), 64 hexadecimal digits."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def signing_key_from(environment: Mapping[str, str] = os.environ) -> SigningKey | None:
    """The key that ``TENURE_SIGNING_KEY`` holds or names; None if the variable is not set.

    Raises:
        InputError: the variable is empty, or neither a key nor the path of a readable file with one.
    """
    text = environment.get(SIGNING_KEY_VARIABLE)
    if text is None:
        return None
    if not text.strip():
        raise InputError(f"{SIGNING_KEY_VARIABLE} is empty: unset it, or set it to a private key or its file's path")
    if "-----BEGIN" in text:
        return SigningKey.from_pem(text.encode(), SIGNING_KEY_VARIABLE)
    try:
        pem = Path(text).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise InputError(f"{SIGNING_KEY_VARIABLE}: the key's file cannot be read: {reason}") from None
    return SigningKey.from_pem(pem, text)
