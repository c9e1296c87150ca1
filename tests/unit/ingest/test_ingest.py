"""The ingest step: from dirty sources to one typed table."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from components.ingest.logic import run
from tenure.errors import ContractError, DataError, SourceError, StorageError

CONTRACT = """
name: t
source: {uri: table.csv}
label: {positive: "yes"}
columns:
  id: {type: integer, role: key}
  spend: {type: number, nullable: true, missing_values: ["?"]}
  plan: {type: category}
  visits: {type: integer, required: false, default: 7}
  note: {type: string, role: ignored}
  left: {type: boolean, role: label, values: ["no", "yes"]}
"""
HEADER = "id,spend,plan,visits,left\n"


def ingest(folder: Path, content: str | bytes, contract: str = CONTRACT, **options) -> dict:
    data = content.encode() if isinstance(content, str) else content
    (folder / "table.csv").write_bytes(data)
    return run(contract, None, folder / "raw", folder, **options)


def accepted(folder: Path) -> pa.Table:
    return pq.read_table(folder / "raw" / "data.parquet")


def rejected(folder: Path) -> list[dict]:
    return pq.read_table(folder / "raw" / "rejected.parquet").to_pylist()


def test_a_clean_table(tmp_path: Path) -> None:
    report = ingest(tmp_path, HEADER + "1,2.5,a,3,yes\n2,?,b,4,no\n")
    assert accepted(tmp_path).to_pylist() == [
        {"id": 1, "spend": 2.5, "plan": "a", "visits": 3, "left": True, "_row": 1},
        {"id": 2, "spend": None, "plan": "b", "visits": 4, "left": False, "_row": 2},
    ]
    assert rejected(tmp_path) == []
    assert json.loads((tmp_path / "raw" / "ingest.json").read_text()) == report
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [
        "data.parquet",
        "ingest.json",
        "rejected.parquet",
    ]


def test_no_row_is_lost(tmp_path: Path) -> None:
    lines = ["1,1,a,1,yes", "x,inf,a,1,yes", "3,nan,a,1,no", "4,1,a", "5,1,a,1,perhaps", "6,2,b,2,no", "7," * 100_000]
    report = ingest(tmp_path, HEADER + "\n".join(lines) + "\n")
    assert (report["rows_read"], report["rows_accepted"], report["rows_rejected"]) == (7, 3, 4)
    assert accepted(tmp_path)["_row"].to_pylist() == [1, 3, 6]
    rows = rejected(tmp_path)
    assert [row["row"] for row in rows] == [2, 4, 5, 7]
    assert rows[0]["reason"] == "'id' is not a whole number: 'x'; 'spend' is infinite: 'inf'"
    assert json.loads(rows[0]["text"])["id"] == "x"
    assert rows[1]["text"] == "4,1,a"
    assert rows[3]["reason"] == "100,001 fields where the header has 5"
    assert report["reasons"] == {
        "wrong number of fields": 2,
        "'id' is not a whole number": 1,
        "'left' is not 'no' or 'yes'": 1,
    }


def test_new_columns_are_left_out_and_optional_ones_filled_in(tmp_path: Path) -> None:
    report = ingest(tmp_path, "new,id,spend,plan,left,Visits\nx,1,1,a,yes,5\n")
    assert report["extra_columns"] == ["new", "Visits"]
    assert report["defaulted_columns"] == ["visits"]
    assert report["similar_columns"] == {"visits": "Visits"}
    assert accepted(tmp_path)["visits"].to_pylist() == [7]


def test_an_optional_column_without_default_is_null(tmp_path: Path) -> None:
    ingest(tmp_path, "id,spend,plan,left\n1,1,a,yes\n", CONTRACT.replace(", default: 7", ""))
    assert accepted(tmp_path)["visits"].to_pylist() == [None]


def test_a_default_that_is_no_value(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"'columns\.visits\.default': 'many' is not a whole number"):
        ingest(tmp_path, "id,spend,plan,left\n1,1,a,yes\n", CONTRACT.replace("default: 7", "default: many"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "has columns and no rows"),
        (b"id;spend;plan;visits;left\n1;1;a;1;yes\n", "is delimited by a semicolon"),
        (b"id,plan,visits,left\n1,a,1,yes\n", "lacks the required column 'spend'"),
        (b"id,Spend,plan,visits,left\n1,1,a,1,yes\n", r"lacks the required column 'spend' \(is it 'Spend'\?\)"),
        (HEADER.encode() + b"x,1,a,1,yes\n", "none of 1 rows can be read as the contract says: 'id' is not a whole"),
        (
            HEADER.encode() + b"1\n2\n",
            "none of 2 rows can be read as the contract says: 1 field where the header has 5",
        ),
        (b"\x00\x01\x02\x03" * 100, "NUL bytes"),
    ],
)
def test_what_stops_the_run(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        ingest(tmp_path, content)
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "raw" / "data.parquet").exists()
    assert not (tmp_path / "raw" / "ingest.json").exists()


def test_bytes_that_are_no_text_cost_their_row(tmp_path: Path) -> None:
    ingest(tmp_path, HEADER.encode() + b"1,1,a,1,yes\n2,1,caf\xe9,1,no\n3,1,n\x00l,1,no\n")
    assert [row["reason"] for row in rejected(tmp_path)] == [
        "'plan' is not text in UTF-8: 'caf\\\\xe9'",
        "'plan' holds a NUL character: 'n\\x00l'",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file: .*table\.csv"):
        run(CONTRACT, None, tmp_path / "raw", tmp_path)


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        run(CONTRACT.replace("{uri: table.csv}", "{uri: table.csv, format: csv}"), None, tmp_path / "raw", tmp_path)


def test_the_data_hash_is_of_the_content(tmp_path: Path) -> None:
    first = ingest(tmp_path, HEADER + "1,2.50,a,3,yes\n2,?,b,4,no\n")["data_hash"]
    rows = {
        "left": [True, False],
        "id": [1, 2],
        "spend": [2.5, None],
        "plan": ["a", "b"],
        "visits": [3, 4],
        "x": [0, 0],
    }
    pq.write_table(pa.table(rows), tmp_path / "other.parquet", row_group_size=1)
    assert run(CONTRACT, str(tmp_path / "other.parquet"), tmp_path / "raw2")["data_hash"] == first
    assert ingest(tmp_path, HEADER + "2,?,b,4,no\n1,2.50,a,3,yes\n")["data_hash"] != first
    assert ingest(tmp_path, HEADER + "1,2.51,a,3,yes\n2,?,b,4,no\n")["data_hash"] != first


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("raw", "again"):
        (tmp_path / "table.csv").write_text(HEADER + "1,1,a,1,yes\nx,1,a,1,yes\n")
        run(CONTRACT, None, tmp_path / name, tmp_path)
    for file in ("data.parquet", "rejected.parquet", "ingest.json"):
        assert (tmp_path / "raw" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_from_a_database(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "crm.db")) as connection, connection:
        connection.execute("create table c (id, spend, plan, visits, has_left)")
        connection.executemany(
            "insert into c values (?, ?, ?, ?, ?)", [(1, 2.5, "a", 3, "yes"), (2, "?", "b", 4, "no")]
        )
    query = 'select id, spend, plan, visits, has_left as \\"left\\" from c order by id'
    described = CONTRACT.replace("{uri: table.csv}", f'{{uri: "sqlite:///crm.db", query: "{query}"}}')
    report = run(described, None, tmp_path / "raw", tmp_path)
    assert report["data_hash"] == ingest(tmp_path, HEADER + "1,2.5,a,3,yes\n2,?,b,4,no\n")["data_hash"]


def test_a_database_that_is_down(tmp_path: Path) -> None:
    described = CONTRACT.replace(
        "{uri: table.csv}", '{uri: "postgresql://me:hunter2@127.0.0.1:1/crm", query: select 1}'
    )
    with pytest.raises(SourceError, match="cannot connect to") as caught:
        run(described, None, tmp_path / "raw", tmp_path)
    assert "hunter2" not in str(caught.value)


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot write .*raw"):
        ingest(tmp_path, HEADER + "1,1,a,1,yes\n")


def test_many_batches(tmp_path: Path) -> None:
    rows = 250_000
    table = pa.table(
        {
            "id": range(rows),
            "spend": [float(n % 100) for n in range(rows)],
            "plan": ["a"] * rows,
            "visits": ["3" if n % 1_000 else "x" for n in range(rows)],
            "left": ["no"] * rows,
        }
    )
    pyarrow.csv.write_csv(table, tmp_path / "table.csv")
    report = run(CONTRACT, None, tmp_path / "raw", tmp_path)
    assert (report["rows_accepted"], report["rows_rejected"]) == (249_750, 250)
    found = accepted(tmp_path)
    assert found["_row"].to_pylist() == [number + 1 for number in found["id"].to_pylist()]
    assert [row["row"] for row in rejected(tmp_path)] == list(range(1, rows, 1_000))
