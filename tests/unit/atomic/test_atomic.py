"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.atomic import copy_file, replacing, write_text
from tenure.errors import StorageError


def test_the_target_appears_when_the_block_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "report.html"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_after_an_error_the_former_file_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ConnectionError, match="source is down"), replacing(path) as temporary:
        temporary.write_text("half")
        raise ConnectionError("source is down")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_replaces_the_target(tmp_path: Path) -> None:
    source, path = tmp_path / "a.json", tmp_path / "b.json"
    write_text(source, "é")
    write_text(path, "old")
    copy_file(source, path)
    assert path.read_text(encoding="utf-8") == "é"


@pytest.mark.parametrize("write", [lambda path: write_text(path, ""), lambda path: copy_file(Path(__file__), path)])
def test_a_folder_that_cannot_be_created_is_a_storage_error(tmp_path: Path, write) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"^cannot write .*file/a\.json: (Not a directory|File exists)$"):
        write(tmp_path / "file" / "a.json")


def test_a_missing_source_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write .*b\.json: No such file"):
        copy_file(tmp_path / "none", tmp_path / "b.json")
    assert not list(tmp_path.iterdir())
