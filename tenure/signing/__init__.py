"""Signatures of bundles: who vouches for a manifest, and whether that key is trusted.

A signature is a DSSE envelope around an in-toto statement that names every file of the bundle with its SHA-256. Keys
need the package ``cryptography``, which is imported when one is read: without a trust root nothing here imports it.
"""

from tenure.signing.key_files import ensure_home_key, home_key, home_key_file, key_folder, write_key_pair
from tenure.signing.private_key import SIGNING_KEY_VARIABLE, SigningKey, signing_key_from
from tenure.signing.statement import Statement
from tenure.signing.trust import TRUST_VARIABLE, TrustedKey, TrustRoot, trust_path
from tenure.signing.verify import FILE_NAME, MAX_SIGNATURE_BYTES, Signed, sign, verify

__all__ = [
    "FILE_NAME",
    "MAX_SIGNATURE_BYTES",
    "SIGNING_KEY_VARIABLE",
    "TRUST_VARIABLE",
    "Signed",
    "SigningKey",
    "Statement",
    "TrustRoot",
    "TrustedKey",
    "ensure_home_key",
    "home_key",
    "home_key_file",
    "key_folder",
    "sign",
    "signing_key_from",
    "trust_path",
    "verify",
    "write_key_pair",
]
