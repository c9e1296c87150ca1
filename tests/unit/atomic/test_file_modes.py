"""Folders and files for their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenure.atomic import copy_file, replacing, write_text
from tenure.file_modes import close_folder, create_file, keep_files_private, make_folder


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=lambda umask: f"{umask:03o}", autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_private_from_the_start_and_so_are_its_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.json"
    with replacing(path) as temporary:
        assert mode(temporary) == 0o600
        temporary.write_text("{}")
        assert mode(temporary) == 0o600
    assert [mode(each) for each in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o640)
    copy_file(Path(__file__), path)
    assert mode(path) == 0o640


def test_what_a_crashed_process_left_is_written_anew(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "a.json", tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    (tmp_path / f".a.json.{os.getpid()}.tmp").symlink_to(elsewhere)
    write_text(path, "new")
    assert (path.read_text(), elsewhere.read_text()) == ("new", "untouched")
    assert not path.is_symlink()


def test_folders_that_exist_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    make_folder(tmp_path / "shared" / "mine")
    make_folder(tmp_path / "shared" / "mine")
    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared" / "mine")) == (0o755, 0o700)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        make_folder(tmp_path / "file" / "folder")


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    with create_file(tmp_path / "a") as file:
        file.write(b"x")
    assert mode(tmp_path / "a") == 0o600
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a")


def test_a_folder_is_closed_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert close_folder(tmp_path)
    assert mode(tmp_path) == 0o700
    assert not close_folder(tmp_path)


def test_a_process_keeps_what_it_writes_to_itself(tmp_path: Path) -> None:
    keep_files_private()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o600)
