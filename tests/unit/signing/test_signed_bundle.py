"""Attacks on signed bundles: whatever was changed after the signing is refused, in one line, before it is parsed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundle_variants import renamed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property_profiles import examples
from signed_bundles import envelope, sign_folder, signed_copy, statement_of, write_envelope, write_trust

from tenure import bundle
from tenure.bundle.manifest import FileEntry, content_version
from tenure.errors import BundleError, SignatureError
from tenure.signing import FILE_NAME, MAX_SIGNATURE_BYTES, SigningKey, TrustRoot, verify
from tenure.signing import statement as statements

KEY = SigningKey.generate()
FOREIGN = SigningKey.generate()


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    return signed_copy(small_bundle.folder, tmp_path / "bundle", KEY)


@pytest.fixture
def trust(tmp_path: Path) -> TrustRoot:
    return TrustRoot.read(write_trust(tmp_path / "trust.pem", KEY))


def refusal(folder: Path, trust: TrustRoot) -> str:
    with pytest.raises(BundleError) as caught:
        bundle.read(folder, trust=trust)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


def rehash(folder: Path) -> None:
    """Make the manifest that of the files in the folder, as one who may write to the store can."""
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    del document["manifest_sha256"]
    for name in document["files"]:
        raw = (folder / name).read_bytes()
        document["files"][name] = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    document["version"] = content_version({name: FileEntry(**entry) for name, entry in document["files"].items()})
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    document["manifest_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def test_a_signed_bundle_is_read_with_who_signed_when(folder: Path, trust: TrustRoot) -> None:
    loaded = bundle.read(folder, trust=trust)
    assert loaded.signed is not None
    assert loaded.signed.key_id == KEY.key_id
    assert loaded.signed.summary.startswith("signed by ann in run r1 at 2026-03-01T12:00:00+00:00, key ")
    assert loaded.signed.statement.version == loaded.version


def test_a_signature_changes_neither_version_nor_manifest(small_bundle: Any, folder: Path) -> None:
    assert bundle.read(folder).version == bundle.read(small_bundle.folder).version
    assert (folder / "manifest.json").read_bytes() == (small_bundle.folder / "manifest.json").read_bytes()


def test_without_a_trust_root_signatures_are_not_looked_at(small_bundle: Any, folder: Path) -> None:
    assert bundle.read(small_bundle.folder).signed is None
    (folder / FILE_NAME).write_bytes(b"{" * 1000)
    assert bundle.read(folder).signed is None


def test_a_missing_signature(folder: Path, trust: TrustRoot) -> None:
    (folder / FILE_NAME).unlink()
    assert "it is not signed: it has no signature.json" in refusal(folder, trust)


def test_a_foreign_signature(folder: Path, trust: TrustRoot) -> None:
    sign_folder(folder, FOREIGN)
    message = refusal(folder, trust)
    assert "not signed by a trusted key" in message
    assert KEY.key_id[:16] in message
    assert FOREIGN.key_id[:16] in message


def test_a_foreign_signature_under_the_id_of_a_trusted_key(folder: Path, trust: TrustRoot) -> None:
    document = envelope(statements.render(statement_of(folder)), FOREIGN)
    document["signatures"][0]["keyid"] = KEY.key_id
    write_envelope(folder, document)
    assert "not signed by a trusted key" in refusal(folder, trust)


@pytest.mark.parametrize("key_id", ["", "another", pytest.param(FOREIGN.key_id, id="foreign"), "é" * 10, 7, None])
def test_the_key_id_is_a_hint(folder: Path, trust: TrustRoot, key_id: Any) -> None:
    document = envelope(statements.render(statement_of(folder)), KEY)
    document["signatures"][0]["keyid"] = key_id
    write_envelope(folder, document)
    if isinstance(key_id, str) and key_id.isascii():
        assert bundle.read(folder, trust=trust).signed is not None
    else:
        assert "'keyid' is missing, or not a text in ASCII" in refusal(folder, trust)


@pytest.mark.parametrize("name", ["model.onnx", "contract.yaml", "explain.npz", "decision.json"])
def test_an_altered_file(folder: Path, trust: TrustRoot, name: str) -> None:
    path = folder / name
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)
    assert f"{name} was changed" in refusal(folder, trust)
    rehash(folder)
    assert "is over another manifest" in refusal(folder, trust)


def test_an_onnx_of_another_bundle(folder: Path, trust: TrustRoot, small_bundle: Any, tmp_path: Path) -> None:
    model = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(model + b"")
    renamed(small_bundle.folder, tmp_path / "other", "x")
    shutil.copyfile(tmp_path / "other" / "profile.json", folder / "profile.json")
    assert "profile.json has" in refusal(folder, trust)
    rehash(folder)
    bundle.read(folder)  # a bundle like any other, but not the one that was signed
    assert "is over another manifest" in refusal(folder, trust)


def test_added_and_removed_files(folder: Path, trust: TrustRoot) -> None:
    (folder / "model.pkl").write_bytes(b"")
    assert "'model.pkl' is not in manifest.json" in refusal(folder, trust)
    (folder / "model.pkl").unlink()
    (folder / "decision.json").unlink()
    assert "decision.json is missing" in refusal(folder, trust)


def test_a_signature_of_another_bundle(folder: Path, trust: TrustRoot, small_bundle: Any, tmp_path: Path) -> None:
    version = renamed(small_bundle.folder, tmp_path / "other", "x")
    sign_folder(tmp_path / "other", KEY)
    shutil.copyfile(tmp_path / "other" / FILE_NAME, folder / FILE_NAME)
    assert f"is over another manifest, that of telco {version}" in refusal(folder, trust)


def test_nothing_is_parsed_before_the_signature_is_verified(
    folder: Path, trust: TrustRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_folder(folder, FOREIGN)

    def parsed(*_: object, **__: object) -> None:
        pytest.fail("it was parsed")

    monkeypatch.setattr("tenure.bundle.files.parse_manifest", parsed)
    monkeypatch.setattr("tenure.signing.statement.parse", parsed)
    assert "not signed by a trusted key" in refusal(folder, trust)


def test_a_signature_does_not_name_the_files(folder: Path, trust: TrustRoot) -> None:
    files = dict(statement_of(folder).files)
    of_manifest = {"manifest.json": files["manifest.json"]}
    for changed in ({**files, "model.onnx": "0" * 64}, {**files, "weights.bin": "0" * 64}, of_manifest):
        sign_folder(folder, KEY, files=changed)
        assert "differ in name, version or files" in refusal(folder, trust)
    sign_folder(folder, KEY, name="other")
    assert "differ in name, version or files" in refusal(folder, trust)


@pytest.mark.parametrize("payload_type", ["application/json", "", "application/vnd.in-toto+json ", "x" * 10_000])
def test_another_payload_type(folder: Path, trust: TrustRoot, payload_type: str) -> None:
    payload = statements.render(statement_of(folder))
    write_envelope(folder, envelope(payload, KEY, payload_type=payload_type))
    assert "not application/vnd.in-toto+json" in refusal(folder, trust)
    # Signed as one type, named as another: the type is part of what is signed.
    write_envelope(folder, envelope(payload, KEY, payload_type=payload_type) | {"payloadType": statements.PAYLOAD_TYPE})
    assert "not signed by a trusted key" in refusal(folder, trust)


@pytest.mark.parametrize("count", [0, 17, 100])
def test_no_signatures_and_too_many(folder: Path, trust: TrustRoot, count: int) -> None:
    write_envelope(folder, envelope(statements.render(statement_of(folder)), *[KEY] * count))
    assert "'signatures' is not a list of 1 to 16 signatures" in refusal(folder, trust)


def test_one_trusted_signature_among_others_is_enough(folder: Path, trust: TrustRoot) -> None:
    payload = statements.render(statement_of(folder))
    write_envelope(folder, envelope(payload, *[FOREIGN] * 15, KEY))
    assert bundle.read(folder, trust=trust).signed is not None
    write_envelope(folder, envelope(payload, *[FOREIGN] * 16))
    assert "not signed by a trusted key" in refusal(folder, trust)


def test_a_huge_signature_is_not_read(folder: Path, trust: TrustRoot) -> None:
    with (folder / FILE_NAME).open("wb") as file:
        file.truncate(2**40)  # sparse
    assert f"{MAX_SIGNATURE_BYTES} are allowed" in refusal(folder, trust)


BOMBS = {
    "lists": b"[" * 60_000,
    "mappings": b'{"a":' * 12_000,
    "number": b'{"payload": ' + b"9" * 60_000 + b"}",
    "not text": b"\xff\xfe{}",
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "nan": b'{"payload": NaN}',
    "nested signature": b'{"payload": "", "payloadType": "x", "signatures": [[[]]]}',
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_bytes_that_are_no_envelope(folder: Path, trust: TrustRoot, name: str) -> None:
    (folder / FILE_NAME).write_bytes(BOMBS[name])
    assert "signature.json is not a DSSE envelope" in refusal(folder, trust)


def test_repeated_keys(folder: Path, trust: TrustRoot) -> None:
    text = (folder / FILE_NAME).read_text()
    (folder / FILE_NAME).write_text(text.replace('"payloadType"', '"payload": "", "payloadType"'))
    assert "key 'payload' is repeated" in refusal(folder, trust)


def _unpadded(text: str) -> str:
    return text.rstrip("=")


def _with_break(text: str) -> str:
    return text[:20] + "\n" + text[20:]


def _unused_bits(text: str) -> str:
    """Another text of the same bytes: the last digit's unused bits are set."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    return body[:-1] + digits[digits.index(body[-1]) + 1] + text[len(body) :]


@pytest.mark.parametrize("change", [_unpadded, _with_break, _unused_bits, "{}!".format, "é{}".format])
def test_base64_that_is_not_canonical(folder: Path, trust: TrustRoot, change: Callable[[str], str]) -> None:
    document = json.loads((folder / FILE_NAME).read_text())
    document["signatures"][0]["sig"] = change(document["signatures"][0]["sig"])
    write_envelope(folder, document)
    assert "signature.json is not a DSSE envelope: 'sig' is" in refusal(folder, trust)


def test_signatures_of_another_length(folder: Path, trust: TrustRoot) -> None:
    document = json.loads((folder / FILE_NAME).read_text())
    for value in (b"", b"\0" * 64, b"\0" * 63, b"\0" * 10_000):
        document["signatures"][0]["sig"] = base64.b64encode(value).decode()
        write_envelope(folder, document)
        assert "not signed by a trusted key" in refusal(folder, trust)


@pytest.mark.parametrize("change", [
    {"_type": "https://in-toto.io/Statement/v0.1"},
    {"predicateType": "https://slsa.dev/provenance/v1"},
    {"predicate": []},
    {"predicate": {"name": "telco"}},
    {"subject": {}},
    {"subject": []},
    {"subject": ["manifest.json"]},
    {"subject": [{"name": "manifest.json", "digest": {"sha1": "0" * 40}}]},
    {"subject": [{"name": "manifest.json", "digest": {"sha256": "0" * 64}}] * 2},
])  # fmt: skip
def test_another_statement_of_a_trusted_key(folder: Path, trust: TrustRoot, change: dict[str, Any]) -> None:
    """A key that signs other things too does not vouch for a bundle by them."""
    payload = json.loads(statements.render(statement_of(folder)))
    write_envelope(folder, envelope(json.dumps(payload | change).encode(), KEY))
    with pytest.raises(SignatureError):
        bundle.read(folder, trust=trust)


@pytest.mark.parametrize("name", [FILE_NAME, "manifest.json", "model.onnx"])
def test_symbolic_links_and_pipes(folder: Path, trust: TrustRoot, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert f"'{name}' is not a plain file" in refusal(folder, trust)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert f"'{name}' is not a plain file" in refusal(folder, trust)


def test_a_file_that_is_exchanged_while_it_is_read(
    folder: Path, trust: TrustRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is verified is what is parsed: a file is read once, so an exchange after that changes nothing."""
    from tenure.bundle import files

    first = files._read

    def read_then_exchange(path: Path, limit: int, **options: str) -> bytes:
        content = first(path, limit)
        path.write_bytes(b"exchanged")
        return content

    monkeypatch.setattr(files, "_read", read_then_exchange)
    assert bundle.read(folder, trust=trust).signed is not None


def test_a_saved_model_keeps_its_signature(folder: Path, tmp_path: Path) -> None:
    import tenure

    write_trust(tmp_path / "keys.pem", KEY)
    saved = tenure.read(folder, trust=tmp_path / "keys.pem").save(tmp_path / "saved")
    assert tenure.read(saved, trust=str(tmp_path / "keys.pem")).version == bundle.read(folder).version


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), extra=st.binary(max_size=8))
def test_any_changed_byte_is_refused_or_changes_nothing(
    folder: Path, trust: TrustRoot, place: float, value: int, extra: bytes
) -> None:
    """The key's id is not signed, and blanks mean nothing: all else is refused."""
    manifest = (folder / "manifest.json").read_bytes()
    signature = bytearray((folder / FILE_NAME).read_bytes())
    signature[int(place * len(signature))] = value
    try:
        found = verify(manifest, bytes(signature) + extra, trust)
    except SignatureError as error:
        assert "\n" not in str(error)
    else:
        assert found.statement == statement_of(folder)
