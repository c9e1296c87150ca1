"""Reads a bundle, and holds its signature against the trust root where one is configured."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from serving.observation import logs
from tenure import bundle
from tenure.bundle import Bundle
from tenure.signing import Signed, TrustRoot
from tenure.signing.trust import today

_WARNING = timedelta(days=30)


def read(folder: Path, threads: int, trust: Path | None) -> Bundle:
    """Read the bundle in ``folder``.

    Args:
        folder: the bundle's folder.
        threads: of ONNX Runtime for one prediction.
        trust: the trust root, read anew for each bundle, so that added and removed keys count; None reads any bundle.

    Raises:
        SignatureError: no trusted key signed the bundle.
        InputError: the trust root or the bundle is invalid.
    """
    loaded = bundle.read(folder, threads=threads, trust=None if trust is None else TrustRoot.read(trust))
    if loaded.signed is not None:
        _log(loaded, loaded.signed)
    return loaded


def _log(loaded: Bundle, signed: Signed) -> None:
    statement = signed.statement
    fields = {
        "model": statement.name,
        "version": loaded.version,
        "signed_by": statement.signed_by,
        "signed_at": statement.signed_at,
        "key": signed.key_id[:16],
    }
    logs.server.info("the bundle's signature is valid", extra={"fields": fields})
    if signed.valid_until is not None and signed.valid_until - today() <= _WARNING:
        fields["valid_until"] = signed.valid_until.isoformat()
        logs.server.warning(
            "the key of the bundle's signature expires: then no server starts with this bundle; sign it by a new key",
            extra={"fields": fields},
        )
