"""CSV files with a backslash before quotes, or in single quotes, are read like those of RFC 4180."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.contract.settings import Source
from tenure.sources import open_source
from tenure.sources.formats.csv.quoting import RequotedReader, find_quoting, requote
from tenure.sources.sniff import sniff_with_notes

Other = Literal["backslash", "single"]
NOTES = ['said "hi", left', "C:\\dir\\", "plain", '5" pipe', "it's, ok", "a \\ b"]
ROWS = [["id", "months", "note"], *([f"C{row}", str(row % 60), NOTES[row % len(NOTES)]] for row in range(120))]


def quoted(text: str, quoting: Other) -> str:
    if quoting == "backslash":
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "'" + text.replace("'", "''") + "'"


def written(rows: list[list[str]], quoting: Other, delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(quoted(cell, quoting) for cell in row) + end for row in rows)


def read(path: Path, source: Source) -> list[list[str]]:
    table = open_source(source.model_copy(update={"uri": str(path)}))
    names = table.columns()
    rows = [list(row.values()) for batch in table.batches() for row in batch.columns.to_pylist()]
    return [names, *([value.decode() for value in row] for row in rows)]


@pytest.mark.parametrize("quoting", ["backslash", "single"])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r")])
def test_it_is_found_and_read(tmp_path: Path, quoting: Other, delimiter: str, end: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(written(ROWS, quoting, delimiter, end), newline="")
    found = sniff_with_notes(str(path))
    assert (found.source.quoting, found.source.delimiter) == (quoting, delimiter)
    assert any("quote" in note for note in found.notes)
    assert read(path, found.source) == ROWS


def test_only_texts_may_be_in_single_quotes(tmp_path: Path) -> None:
    lines = [f"'C{row}',{row},'basic, monthly'" for row in range(50)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["'id','months','plan'", *lines]))
    found = sniff_with_notes(str(path)).source
    assert read(path, found)[1] == ["C0", "0", "basic, monthly"]


@pytest.mark.parametrize(
    "text",
    [
        'id,path\n1,"C:\\dir\\"\n2,"D:\\"\n',
        'id,note\n1,"said ""hi"""\n2,"x"\n',
        "id,name\n1,'t Hooft\n2,O'Brien\n3,rock 'n' roll\n4,x\n5,y\n6,z\n",
        "id,name\n1,x\n2,y\n",
    ],
)
def test_other_files_are_quoted_as_usual(text: str) -> None:
    assert find_quoting(text) == "double"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)


@pytest.mark.hypothesis
@given(
    st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=20),
    st.sampled_from(["backslash", "single"]),
    st.integers(1, 40),
)
def test_rows_are_those_of_rfc_4180_whatever_is_read_at_a_time(
    rows: list[list[str]], quoting: Other, size: int
) -> None:
    text = written(rows, quoting).encode()
    whole = requote(text, quoting)
    assert list(csv.reader(io.StringIO(whole.decode(), newline=""))) == rows
    reader, parts = RequotedReader(io.BytesIO(text), quoting), []
    while part := reader.read(size):
        parts.append(part)
    assert all(len(part) == size for part in parts[:-1])
    assert b"".join(parts) == whole


def test_a_line_that_never_ends_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.sources.formats.csv.quoting.MAX_LINE_BYTES", 100)
    text = b"'" + b"x" * 1_000
    reader = RequotedReader(io.BytesIO(text), "single")
    assert b"".join(iter(lambda: reader.read(64), b"")) == text
