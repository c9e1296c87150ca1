"""Private keys: for their owner alone, made once, and never shown."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tenure.bundle import manifest
from tenure.errors import InputError
from tenure.signing import SigningKey, TrustRoot, home_key, key_folder, signing_key_from, statement, write_key_pair
from tenure.signing.key_files import SIGNING_KEY_FILE, TRUSTED_FOLDER

PKCS8 = PrivateFormat.PKCS8


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777])
def test_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        key = home_key(tmp_path)
    finally:
        os.umask(before)
    folder = key_folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes(folder) == {0o600}
    assert home_key(tmp_path).key_id == key.key_id
    assert [trusted.key_id for trusted in TrustRoot.read(folder / TRUSTED_FOLDER).keys] == [key.key_id]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = "import sys, pathlib, tenure.signing as s; print(s.home_key(pathlib.Path(sys.argv[1])).key_id)"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    found = {process.communicate()[0].strip() for process in started}
    assert len(found) == 1
    folder = key_folder(tmp_path)
    assert [key.key_id for key in TrustRoot.read(folder / TRUSTED_FOLDER).keys] == list(found)
    assert sorted(path.name for path in folder.iterdir()) == [SIGNING_KEY_FILE, TRUSTED_FOLDER]


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    write_key_pair(tmp_path / "keys")
    before = (tmp_path / "keys" / SIGNING_KEY_FILE).read_bytes()
    with pytest.raises(FileExistsError):
        write_key_pair(tmp_path / "keys")
    assert (tmp_path / "keys" / SIGNING_KEY_FILE).read_bytes() == before
    assert len(list((tmp_path / "keys" / TRUSTED_FOLDER).iterdir())) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    home_key(tmp_path)
    path = key_folder(tmp_path) / SIGNING_KEY_FILE
    path.chmod(0o644)
    with pytest.raises(InputError, match="others may read the key"):
        home_key(tmp_path)


KEY = SigningKey.generate()
ECDSA = ec.generate_private_key(ec.SECP256R1())
NO_KEYS = {
    "empty": "",
    "blank": " \n",
    "public": KEY.public_pem().decode(),
    "ECDSA": ECDSA.private_bytes(Encoding.PEM, PKCS8, NoEncryption()).decode(),
    "with a passphrase": KEY.private.private_bytes(Encoding.PEM, PKCS8, BestAvailableEncryption(b"x")).decode(),
    "cut": KEY.private_pem().decode()[:70],
    "a missing file": "missing/key.pem",
    "a folder": ".",
    "a path that is none": "\0",
}


@pytest.mark.parametrize("name", sorted(NO_KEYS))
def test_a_variable_without_a_key(name: str) -> None:
    text = NO_KEYS[name]
    with pytest.raises(InputError) as caught:
        signing_key_from({"TENURE_SIGNING_KEY": text})
    message = str(caught.value)
    assert "\n" not in message
    body = "".join(text.splitlines()[1:2])[:20]
    assert not body or body not in message  # a key is not quoted


def test_the_variable_holds_a_key_or_names_its_file(tmp_path: Path) -> None:
    assert signing_key_from({}) is None
    (tmp_path / "key.pem").write_bytes(KEY.private_pem())
    for text in (KEY.private_pem().decode(), str(tmp_path / "key.pem")):
        found = signing_key_from({"TENURE_SIGNING_KEY": text})
        assert found is not None
        assert found.key_id == KEY.key_id


def test_keys_of_openssl_are_read(tmp_path: Path) -> None:
    """RFC 8410's example, which any implementation writes in this form."""
    private = _pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")
    public = _pem("PUBLIC KEY", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
    assert SigningKey.from_pem(private, "example").public_pem() == public


def _pem(label: str, body: str) -> bytes:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()


def test_the_manifest_has_the_name_that_statements_give_it() -> None:
    assert statement.MANIFEST == manifest.FILE_NAME


def test_without_a_key_nothing_heavy_is_imported() -> None:
    code = "import sys, tenure.signing; print({'cryptography', 'numpy', 'pydantic'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
