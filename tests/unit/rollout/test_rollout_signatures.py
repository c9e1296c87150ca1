"""Signatures of bundles that a rollout is to bring out, in a store and in a double of MLflow."""

from __future__ import annotations

import ast
import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from signed_bundles import sign_folder, signed_copy, write_trust

from rollout.registry import MlflowRegistry
from rollout.signatures import BundleCheck, check, store
from tenure.bundle import manifest, read
from tenure.errors import InputError, SignatureError, SourceError
from tenure.signing import SigningKey

KEY = SigningKey.generate()
ADDRESS = "s3://models/telco/7"


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    return signed_copy(small_bundle.folder, tmp_path / "bundle", KEY)


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    return write_trust(tmp_path / "trust.pem", KEY)


class Registered(MlflowRegistry):
    """A registry with one version."""

    def __init__(self, version: str | None) -> None:
        super().__init__("http://mlflow")
        self.version = version

    def bundle_version(self, model: str, version: str) -> str | None:
        assert (model, version) == ("telco", "7")
        return self.version


def checking(folder: Path, trust: Path | None, registry: MlflowRegistry | None = None) -> BundleCheck:
    def of_folder(address: str, limit: int) -> bytes | None:
        assert address.startswith(f"{ADDRESS}/")
        name = address.removeprefix(f"{ADDRESS}/")
        assert name in ("manifest.json", "signature.json")  # nothing else is asked for
        file = folder / name
        return file.read_bytes() if file.exists() else None

    return BundleCheck(trust, registry, of_folder)


def test_a_signed_bundle(folder: Path, trust: Path) -> None:
    signed = checking(folder, trust).verify("telco", "7", f"{ADDRESS}/")
    assert signed is not None
    assert signed.summary.startswith("signed by ann in run r1")


def test_without_a_trust_root_nothing_is_read() -> None:
    assert BundleCheck(None, None, lambda *_: pytest.fail("read")).verify("telco", "7", ADDRESS) is None


def test_missing_foreign_and_changed_signatures(folder: Path, trust: Path, tmp_path: Path) -> None:
    cases = checking(folder, trust)
    sign_folder(folder, SigningKey.generate())
    with pytest.raises(SignatureError, match=f"{ADDRESS}: it is not signed by a trusted key"):
        cases.verify("telco", "7", ADDRESS)
    sign_folder(folder, KEY)
    raw = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(raw + b" ")
    with pytest.raises(SignatureError, match="is over another manifest"):
        cases.verify("telco", "7", ADDRESS)
    (folder / "signature.json").unlink()
    with pytest.raises(SignatureError, match="it is not signed"):
        cases.verify("telco", "7", ADDRESS)
    (folder / "manifest.json").unlink()
    with pytest.raises(SignatureError, match="it has no manifest"):
        cases.verify("telco", "7", ADDRESS)
    trust.unlink()
    with pytest.raises(InputError, match="trust root"):
        cases.verify("telco", "7", ADDRESS)


def test_an_older_bundle_in_the_place_of_a_new_one(folder: Path, trust: Path) -> None:
    """Its signature is valid; the registry knows that it is another version."""
    version = read(folder).version
    assert checking(folder, trust, Registered(version)).verify("telco", "7", ADDRESS) is not None
    assert checking(folder, trust, Registered(None)).verify("telco", "7", ADDRESS) is not None
    with pytest.raises(SignatureError, match=f"it is bundle {version} of telco, but version 7 of telco is bundle 0000"):
        checking(folder, trust, Registered("000000000000")).verify("telco", "7", ADDRESS)


def test_the_manifest_is_as_long_as_a_bundle_allows() -> None:
    assert check.MAX_MANIFEST_BYTES == manifest.MAX_MANIFEST_BYTES


def test_the_signature_of_a_request_is_that_of_the_documentation() -> None:
    """The example "GET Object" of AWS's page on Signature Version 4."""
    found = store.signed_headers(
        "/test.txt",
        {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9"},
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        "us-east-1",
        datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert found["authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


class Store(http.server.ThreadingHTTPServer):
    """Answers with what a test says, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, bytes] = (200, b"content")
        self.asked: list[tuple[str, dict[str, str]]] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Store]:
    with Store() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def environment(server: Store, **more: str) -> dict[str, str]:
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    return {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": endpoint, **more}


def test_a_file_of_the_store(server: Store) -> None:
    given = environment(server, AWS_REGION="eu-central-1", AWS_SESSION_TOKEN="token")
    assert store.read_file("s3://models/a b/7/ü.json", 7, given) == b"content"
    ((path, headers),) = server.asked
    assert path == "/models/a%20b/7/%C3%BC.json"
    assert "/eu-central-1/s3/aws4_request" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"
    with pytest.raises(InputError, match="more than 6 bytes"):
        store.read_file("s3://models/a", 6, given)


def test_answers_of_another_kind(server: Store) -> None:
    server.answer = (404, b"")
    assert store.read_file("s3://models/a", 10, environment(server)) is None
    for status in (301, 302, 307, 403, 500):  # no redirect is followed
        server.answer = (status, b"x")
        with pytest.raises(SourceError, match=f"HTTP {status}"):
            store.read_file("s3://models/a", 10, environment(server))
    with pytest.raises(SourceError, match="does not answer"):
        store.read_file("s3://models/a", 10, environment(server) | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})


@pytest.mark.parametrize("address", [
    "file:///etc/passwd", "http://169.254.169.254/latest", "gs://models/a", "pvc://models", "models/a", "s3:///a",
    "s3://models/a?versionId=1", "s3://models/a#b",
])  # fmt: skip
def test_addresses_that_are_not_read(server: Store, address: str) -> None:
    with pytest.raises(InputError, match="only s3:// addresses can"):
        store.read_file(address, 10, environment(server))
    assert not server.asked


def test_missing_credentials_and_endpoints(server: Store) -> None:
    with pytest.raises(InputError, match="AWS_SECRET_ACCESS_KEY is not set"):
        store.read_file("s3://models/a", 10, {"AWS_ACCESS_KEY_ID": "me"})
    with pytest.raises(InputError, match="not a URL"):
        store.read_file("s3://models/a", 10, environment(server) | {"AWS_ENDPOINT_URL": "file:///etc"})


def test_the_image_of_the_rollout_has_what_the_check_imports() -> None:
    """Of packages only ``cryptography``: no pydantic, numpy or boto3 is in the image."""
    root = Path(__file__).resolve().parents[3]
    files = [*(root / "rollout" / "signatures").glob("*.py"), *(root / "tenure" / "signing").glob("*.py")]
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                module = getattr(node, "module", None) or node.names[0].name
                names.add(module.split(".")[0])
    assert names & {"numpy", "pydantic", "pyarrow", "boto3", "mlflow"} == set()
    assert "cryptography" in names
