"""Folders and archives of parts: what is a part, and parts that differ."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tenure.contract.settings import Source
from tenure.errors import DataError
from tenure.sources import open_source, sniff


def write_archive(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def read(path: Path) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for batch in open_source(sniff(str(path))).batches():
        for name, column in batch.columns.to_pydict().items():
            found.setdefault(name, []).extend(column)
    return found


def test_row_numbers_run_on_over_rejected_rows(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},x\n{number}\n")
    batches = list(open_source(sniff(str(tmp_path))).batches())
    assert [row for batch in batches for row in batch.rows.to_pylist()] == [1, 3, 5]
    assert [row.row for batch in batches for row in batch.rejected] == [2, 4, 6]
    assert batches[-1].share == 1.0


def test_parts_without_rows(tmp_path: Path) -> None:
    for name, text in {"0.csv": "", "1.csv": "a,b\n1,2\n", "2.csv": "a,b\n", "3.csv": ""}.items():
        (tmp_path / name).write_text(text)
    assert read(tmp_path) == {"a": [b"1"], "b": [b"2"]}


@pytest.mark.parametrize("archive", [False, True])
def test_parts_that_differ_are_named(tmp_path: Path, archive: bool) -> None:
    parts = {"0.csv": "a,b\n1,2\n", "1.csv": "a,b,c\n1,2,3\n", "2.csv": "b\n2\n"}
    folder = tmp_path / "t.zip" if archive else tmp_path
    if archive:
        write_archive(folder, parts)
    else:
        for name, text in parts.items():
            (tmp_path / name).write_text(text)
    source = open_source(Source(uri=str(folder)))
    with pytest.raises(DataError, match=r"1\.csv has the column 'c', which .*0\.csv lacks"):
        list(source.batches())
    with pytest.raises(DataError, match=r"2\.csv lacks the column 'a', which .*0\.csv has"):
        list(source.batches(["a"]))
    assert len(list(source.batches(["b"]))) == 3


@pytest.mark.parametrize("archive", [False, True])
def test_a_label_that_the_first_part_lacks_is_named(tmp_path: Path, archive: bool) -> None:
    parts = {"test.csv": "a,b\n1,2\n", "train.csv": "a,b,churn\n1,2,yes\n"}
    folder = write_archive(tmp_path / "t.zip", dict(parts)) if archive else tmp_path
    if not archive:
        for name, text in parts.items():
            (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=r"train\.csv has the column 'churn', which .*test\.csv lacks"):
        sniff(str(folder))


def test_other_files_in_an_archive_are_left_alone(tmp_path: Path) -> None:
    members = {
        "README.txt": "about this",
        "__MACOSX/._c.csv": b"\0",
        ".hidden.csv": "x",
        "folder/": "",
        "c.csv": "a,b\n1,2\n",
    }
    assert read(write_archive(tmp_path / "t.zip", members)) == {"a": [b"1"], "b": [b"2"]}


def test_an_archive_of_json_or_of_nothing(tmp_path: Path) -> None:
    assert read(write_archive(tmp_path / "t.zip", {"c.jsonl": '{"a": 1}\n{"a": 2}\n'})) == {"a": [1, 2]}
    with pytest.raises(DataError, match=r"t\.zip is a ZIP archive without .* files: it contains photo\.jpg"):
        read(write_archive(tmp_path / "t.zip", {"photo.jpg": b"\xff\xd8"}))


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "t.zip", {"c.csv": "a,b\n" + "1,2\n" * 10_000})
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read .*t\.zip/c\.csv"):
        read(path)
    path.write_bytes(bytes(content[:100]))
    with pytest.raises(DataError, match=r"t\.zip is a damaged ZIP archive"):
        read(path)


def test_a_part_that_is_damaged_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a,b\n1,2\n")
    (tmp_path / "1.csv").write_text('a,b\n1,2\n3,"4\n5,6\n')
    with pytest.raises(DataError, match=r"1\.csv, line 3 opens a quote"):
        read(tmp_path)
