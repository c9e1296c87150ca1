"""``tenure models verify`` and ``sign``, and ``tenure keys``, on a registry of SQLite."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from signed_bundles import sign_folder, write_trust
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.serving import find_bundle
from tenure.signing import SIGNING_KEY_VARIABLE, TRUST_VARIABLE, SigningKey, home_key
from tenure.signing.trust import today
from tenure.tracking import Registry

KEY = SigningKey.generate()


@pytest.fixture(autouse=True)
def no_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SIGNING_KEY_VARIABLE, TRUST_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tenure(tracked_home: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments])

    return run


def refusal(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line


def test_sign_and_verify_a_registered_version(crowned: Registry, tenure: Any, tracked_home: Path) -> None:
    assert "which keys are trusted?" in refusal(tenure("models", "verify", "--name", "telco"))
    key = home_key(tracked_home)
    assert "it is not signed" in refusal(tenure("models", "verify", "--name", "telco"))
    signed = tenure("models", "sign", "champion", "--name", "telco")
    assert signed.exit_code == 0, signed.stderr
    assert f"is signed by key {key.key_id[:16]}; it was not signed" in signed.stdout
    found = tenure("models", "verify", "--name", "telco")
    assert found.exit_code == 0, found.stderr
    assert found.stdout.startswith(f"telco 1 (bundle {crowned.version('1').bundle_version}): signed by ")
    document = json.loads(tenure("models", "verify", "1", "--name", "telco", "--json").stdout)
    assert (document["name"], document["key"], document["run_id"]) == ("telco", key.key_id, None)


def test_the_rotation_of_the_operations_page(
    crowned: Registry, tenure: Any, tracked_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Create a key, trust both, sign by the new one, trust the new one alone."""
    old = home_key(tracked_home)
    assert tenure("models", "sign", "1", "--name", "telco").exit_code == 0
    assert tenure("keys", "create", str(tmp_path / "new"), "--valid-until", str(today() + timedelta(9))).exit_code == 0
    trust = tmp_path / "trust"
    shutil.copytree(tmp_path / "new" / "trusted", trust)
    only_new = ("models", "verify", "1", "--name", "telco", "--trust", str(tmp_path / "new" / "trusted"))
    assert "not signed by a trusted key" in refusal(tenure(*only_new))
    shutil.copyfile(tracked_home / "keys" / "trusted" / f"{old.key_id[:16]}.pem", trust / "old.pem")
    listed = tenure("keys", "show", "--trust", str(trust)).stdout
    assert old.key_id[:16] in listed
    assert str(today() + timedelta(9)) in listed
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, str(tmp_path / "new" / "signing-key.pem"))
    monkeypatch.setenv(TRUST_VARIABLE, str(trust))
    signed = tenure("models", "sign", "1", "--name", "telco")
    assert "; it was signed by" in signed.stdout, signed.stderr
    assert f"valid until {today() + timedelta(9)}" in tenure(*only_new).stdout


def test_a_foreign_signature_is_not_replaced(
    tenure: Any, tracked_home: Path, small_bundle: Any, tmp_path: Path
) -> None:
    home_key(tracked_home)
    shutil.copytree(small_bundle.folder, tmp_path / "bundle")
    sign_folder(tmp_path / "bundle", KEY)
    assert "not signed by a trusted key" in refusal(tenure("models", "sign", str(tmp_path / "bundle")))
    trust = str(write_trust(tmp_path / "keys.pem", KEY))
    assert tenure("models", "sign", str(tmp_path / "bundle"), "--trust", trust).exit_code == 0
    assert tenure("models", "verify", str(tmp_path / "bundle")).exit_code == 0


def test_a_changed_file_is_no_valid_signature(
    tenure: Any, tracked_home: Path, small_bundle: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(small_bundle.folder, folder)
    assert tenure("models", "sign", str(folder)).exit_code == 0
    (folder / "decision.json").write_text("{}")
    assert "decision.json has 2 bytes" in refusal(tenure("models", "verify", str(folder)))
    assert "decision.json has 2 bytes" in refusal(tenure("models", "sign", str(folder)))


def test_another_bundle_in_the_place_of_a_version(
    crowned: Registry, tenure: Any, small_bundle: Any, tracked_home: Path
) -> None:
    """An older bundle with its valid signature, where the registry has a newer one."""
    from bundle_variants import renamed

    (stored,) = tracked_home.rglob("data/bundle")
    shutil.rmtree(stored)
    renamed(small_bundle.folder, stored, "x")
    sign_folder(stored, home_key(tracked_home))
    assert "in the registry, but its files are bundle" in refusal(tenure("models", "verify", "--name", "telco"))


def test_keys_are_created_once(tenure: Any, tracked_home: Path) -> None:
    assert tenure("keys", "create").exit_code == 0
    assert "has a key already" in refusal(tenure("keys", "create"))
    (found,) = json.loads(tenure("keys", "show", "--json").stdout)
    assert found == {"key": home_key(tracked_home).key_id, "valid_until": None}
    assert "is not a day as in" in refusal(tenure("keys", "create", "other", "--valid-until", "soon"))
    yesterday = str(today() - timedelta(1))
    assert "is in the past" in refusal(tenure("keys", "create", "other", "--valid-until", yesterday))
    assert not Path("other").exists()
    (tracked_home / "file").touch()
    assert "is a file" in refusal(tenure("keys", "create", str(tracked_home / "file")))


def test_a_refusal_names_the_version_and_no_temporary_folder(
    crowned: Registry, tenure: Any, tracked_home: Path, tmp_path: Path
) -> None:
    home_key(tracked_home)
    trust = ("--trust", str(write_trust(tmp_path / "keys.pem", KEY)))
    assert refusal(tenure("models", "verify", "--name", "telco")).startswith("tenure: telco 1: it is not signed")
    assert tenure("models", "sign", "1", "--name", "telco").exit_code == 0
    for command in ("verify", "sign"):
        line = refusal(tenure("models", command, "1", "--name", "telco", *trust))
        assert line.startswith("tenure: telco 1: it is not signed by a trusted key")


def test_the_copy_of_a_version_follows_the_registry(
    crowned: Registry, tenure: Any, tracked_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged copy in the home is fetched again, and a new signature reaches it."""
    kept, *_ = find_bundle("1", "telco", tracked_home)
    content = (kept / "decision.json").read_bytes()
    (kept / "decision.json").write_bytes(content + b" ")
    assert find_bundle("1", "telco", tracked_home)[0] == kept
    assert (kept / "decision.json").read_bytes() == content
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, KEY.private_pem().decode())
    assert tenure("models", "sign", "1", "--name", "telco").exit_code == 0
    trust = str(write_trust(tmp_path / "keys.pem", KEY))
    assert tenure("models", "verify", str(kept), "--trust", trust).exit_code == 0
