"""API keys: creation, hashing, reading, replacement."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from serving.admission.keys import KeyFile, create_key, owner, parse_keys
from tenure.errors import InputError


def test_a_key_is_known_by_its_line_and_the_line_does_not_hold_it() -> None:
    key, line = create_key("mobile-app")
    assert key.startswith("mobile-app.")
    assert len(key) >= len("mobile-app.") + 43, "256 bits in base64"
    assert key.partition(".")[2] not in line
    ring = parse_keys(f"# ours\n\n  {line}\n", "keys")
    assert owner(ring, key) == "mobile-app"
    assert create_key("mobile-app")[0] != key


def test_an_old_key_works_beside_its_successor() -> None:
    (old, old_line), (new, new_line) = create_key("crm"), create_key("crm")
    ring = parse_keys(f"{old_line}\n{new_line}\n", "keys")
    assert (owner(ring, old), owner(ring, new)) == ("crm", "crm")


@given(st.text(max_size=80))
@settings(max_examples=examples(60))
def test_nothing_else_is_a_key(text: str) -> None:
    _, line = create_key("crm")
    ring = parse_keys(line, "keys")
    assert owner(ring, text) is None
    assert owner(ring, f"crm.{text}") is None


def test_one_name_does_not_open_with_anothers_secret() -> None:
    (key, line), (_, other) = create_key("a"), create_key("b")
    ring = parse_keys(f"{line}\n{other}", "keys")
    assert owner(ring, f"b.{key.partition('.')[2]}") is None


@pytest.mark.parametrize("name", ["", "A", "a.b", "a:b", "a b", "-a", "x" * 64, "ä"])
def test_invalid_names(name: str) -> None:
    with pytest.raises(InputError, match="key name"):
        create_key(name)


@pytest.mark.parametrize(
    "line", ["crm:plain", "crm:sha256/00/11", "crm", "crm:md5/" + "0" * 32 + "/" + "0" * 64, "secret-that-leaks"]
)
def test_an_invalid_line_is_named_and_not_quoted(line: str) -> None:
    with pytest.raises(InputError, match=r"keys: line 2 is not NAME:sha256/SALT/DIGEST") as caught:
        parse_keys(f"{create_key('a')[1]}\n{line}", "keys")
    assert "leaks" not in str(caught.value)


def test_too_many_names() -> None:
    line = create_key("a")[1].partition(":")[2]
    with pytest.raises(InputError, match="more than 10000 names"):
        parse_keys("\n".join(f"n{number}:{line}" for number in range(10_001)), "keys")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def replace_file(path: Path, text: str) -> None:
    """Replace the file, as an update of a mounted Secret does."""
    other = path.with_suffix(".new")
    other.write_text(text)
    other.rename(path)


def test_a_changed_file_is_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, clock = tmp_path / "keys", Clock()
    (old, old_line), (new, new_line) = create_key("crm"), create_key("crm")
    path.write_text(old_line)
    keys = KeyFile(path, clock)
    replace_file(path, new_line)
    assert owner(keys.ring(), old) == "crm", "looked at once a second, not for each request"
    clock.now += 1.0
    assert (owner(keys.ring(), old), owner(keys.ring(), new)) == (None, "crm")

    with caplog.at_level(logging.ERROR, "tenure.server"):
        for text in ("nonsense", None):
            if text is None:
                path.unlink()
            else:
                replace_file(path, text)
            clock.now += 1.0
            assert owner(keys.ring(), new) == "crm", "the last good keys stay"
    assert len(caplog.messages) == 2
    assert str(tmp_path) not in caplog.messages[0]

    replace_file(path, "# nobody\n")
    clock.now += 1.0
    assert owner(keys.ring(), new) is None, "an emptied file takes every key away"


def test_a_link_that_moves_is_seen(tmp_path: Path) -> None:
    (old, old_line), (new, new_line) = create_key("crm"), create_key("crm")
    for folder, line in (("1", old_line), ("2", new_line)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "keys").write_text(line)
    (tmp_path / "data").symlink_to("1")
    clock = Clock()
    keys = KeyFile(tmp_path / "data" / "keys", clock)
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").rename(tmp_path / "data")
    clock.now += 1.0
    assert (owner(keys.ring(), old), owner(keys.ring(), new)) == (None, "crm")


def test_a_server_does_not_start_without_keys(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        KeyFile(tmp_path / "nothing")
    (tmp_path / "empty").write_text("# nobody\n")
    with pytest.raises(InputError, match="holds no key"):
        KeyFile(tmp_path / "empty")
    (tmp_path / "long").write_bytes(b"#" * (2 * 1024 * 1024 + 1))
    with pytest.raises(InputError, match="longer than 2097152 bytes"):
        KeyFile(tmp_path / "long")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read by this user")
def test_a_file_that_must_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(create_key("a")[1])
    (tmp_path / "keys").chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        KeyFile(tmp_path / "keys")
