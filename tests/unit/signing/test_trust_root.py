"""Trust roots: which keys are trusted, until when, and what is not a trust root."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from signed_bundles import sign_folder, signed_copy, write_trust

from tenure import bundle
from tenure.errors import InputError, SignatureError
from tenure.signing import SigningKey, TrustRoot, trust_path
from tenure.signing.trust import MAX_KEYS, today

OLD = SigningKey.generate()
NEW = SigningKey.generate()


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    return signed_copy(small_bundle.folder, tmp_path / "bundle", OLD)


def until(days: int) -> str:
    return f"Valid-Until: {today() + timedelta(days)}\n"


def test_a_rotation(folder: Path, tmp_path: Path) -> None:
    """Both keys are trusted until every bundle in use has the new signature; then the old one goes."""
    both = TrustRoot.read(write_trust(tmp_path / "both.pem", OLD, NEW))
    only_new = TrustRoot.read(write_trust(tmp_path / "new.pem", NEW))
    assert bundle.read(folder, trust=both).signed.key_id == OLD.key_id
    with pytest.raises(SignatureError, match="not signed by a trusted key"):
        bundle.read(folder, trust=only_new)
    sign_folder(folder, NEW)
    assert bundle.read(folder, trust=both).signed.key_id == NEW.key_id
    assert bundle.read(folder, trust=only_new).signed.key_id == NEW.key_id


def test_a_key_is_trusted_to_the_end_of_its_last_day(folder: Path, tmp_path: Path) -> None:
    for days in (0, 400):
        trust = TrustRoot.read(write_trust(tmp_path / "trust.pem", OLD, before=until(days)))
        assert bundle.read(folder, trust=trust).signed.valid_until == today() + timedelta(days)
    trust = TrustRoot.read(write_trust(tmp_path / "trust.pem", OLD, NEW, before=until(-1)))
    with pytest.raises(SignatureError, match=f"key {OLD.key_id[:16]}, which expired on {today() - timedelta(1)}"):
        bundle.read(folder, trust=trust)


def test_a_day_is_of_the_key_after_it(tmp_path: Path) -> None:
    path = tmp_path / "trust.pem"
    path.write_text(f"# old\n\n{until(3)}{OLD.public_pem().decode()}# new\n{NEW.public_pem().decode()}# end\n")
    old, new = TrustRoot.read(path).keys
    assert (old.valid_until, new.valid_until) == (today() + timedelta(3), None)


def test_a_folder_as_kubernetes_mounts_one(tmp_path: Path) -> None:
    """Files are links into a hidden folder, which is exchanged when the ConfigMap changes."""
    mounted = tmp_path / "mounted"
    hidden = mounted / "..2026_03_01"
    hidden.mkdir(parents=True)
    write_trust(hidden / "old.pem", OLD)
    write_trust(hidden / "new.pem", NEW)
    (mounted / "..data").symlink_to("..2026_03_01")
    for name in ("old.pem", "new.pem"):
        (mounted / name).symlink_to(f"..data/{name}")
    assert {key.key_id for key in TrustRoot.read(mounted).keys} == {OLD.key_id, NEW.key_id}


def _public(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PUBLIC = OLD.public_pem().decode()
WRONG = {
    "a private key": (OLD.private_pem().decode(), "it holds a PRIVATE KEY"),
    "RSA": (_public(rsa.generate_private_key(65537, 2048)), "not an Ed25519 key"),
    "ECDSA": (_public(ec.generate_private_key(ec.SECP256R1())), "not an Ed25519 key"),
    "X25519": (_public(x25519.X25519PrivateKey.generate()), "not an Ed25519 key"),
    "empty": ("", "no public key"),
    "only a comment": ("# none yet\n", "no public key"),
    "a certificate": (PUBLIC.replace("PUBLIC KEY", "CERTIFICATE"), "it holds a CERTIFICATE"),
    "cut": (PUBLIC[:60], "is not a public key in PEM"),
    "damaged": (PUBLIC.replace("MCow", "MCox"), "not a public key in PEM"),
    "a misspelt day's name": (f"valid-until: 2027-01-01\n{PUBLIC}", "is not a public key in PEM, a comment"),
    "a day twice": (f"{until(1)}{until(2)}{PUBLIC}", "one Valid-Until:"),
    "no day": (f"Valid-Until: soon\n{PUBLIC}", "'soon' is not a day as in 2027-03-31"),
    "a day of no key": (f"{PUBLIC}{until(1)}", "no key follows"),
    "one key with two days": (f"{until(1)}{PUBLIC}{PUBLIC}", "is given twice with different days"),
    "too many": ("".join(SigningKey.generate().public_pem().decode() for _ in range(MAX_KEYS + 1)), "65 keys, at most"),
    "too long": ("# " + "x" * 300_000, "more than"),
    "not ASCII": (f"# Schlüssel\n{PUBLIC}", "not text in ASCII"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_not_a_trust_root(tmp_path: Path, name: str) -> None:
    text, reason = WRONG[name]
    (tmp_path / "keys.pem").write_text(text)
    for path in (tmp_path / "keys.pem", tmp_path):
        with pytest.raises(InputError) as caught:
            TrustRoot.read(path)
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500


def test_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "keys.pem").write_bytes(f"{until(1)}{PUBLIC}".replace("\n", "\r\n").encode())
    assert TrustRoot.read(tmp_path / "keys.pem").keys[0].key_id == OLD.key_id


def test_missing_and_empty_places(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        TrustRoot.read(tmp_path / "none")
    with pytest.raises(InputError, match="there is no public key"):
        TrustRoot.read(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        TrustRoot.read(tmp_path)


def test_an_empty_variable_does_not_switch_the_check_off() -> None:
    assert trust_path(None, {}) is None
    assert trust_path(None, {"TENURE_TRUST": "keys"}) == Path("keys")
    assert trust_path(Path("given"), {"TENURE_TRUST": "keys"}) == Path("given")
    for given, environment in ((None, {"TENURE_TRUST": ""}), (None, {"TENURE_TRUST": " "}), ("", {})):
        with pytest.raises(InputError, match="is empty"):
            trust_path(given, environment)
