"""Object storage behind an endpoint of its own, played by moto's server."""

from __future__ import annotations

import gzip
import io
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.session import get_session
from moto.server import ThreadedMotoServer
from workbooks import write_workbook

from tenure.contract.settings import Source
from tenure.errors import DataError, SourceError
from tenure.sources import open_source, sniff


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def bucket(endpoint: str):
    client = get_session().create_client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="crm")
    return lambda name, content: client.put_object(Bucket="crm", Key=name, Body=content)


def parquet(**columns: list) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def test_csv_and_parquet(endpoint: str, bucket) -> None:
    bucket("t.csv", b"a,b\n1,2\n3\n")
    bucket("t.csv.gz", gzip.compress(b"a,b\n1,2\n3\n"))
    bucket("t.parquet", parquet(a=["1"], b=["2"]))
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        source = open_source(Source(uri=f"s3://crm/{name}", endpoint_url=endpoint))
        assert source.columns() == ["a", "b"]
        batches = list(source.batches())
        assert [int(v) for batch in batches for v in batch.columns.column(0).to_pylist()] == [1]
        assert [row.row for batch in batches for row in batch.rejected] == ([2] if "csv" in name else [])


def test_a_folder_of_parquet(endpoint: str, bucket) -> None:
    bucket("table/1.parquet", parquet(a=[2]))
    bucket("table/0.parquet", parquet(a=[1]))
    source = open_source(Source(uri="s3://crm/table", endpoint_url=endpoint, format="parquet"))
    assert [v for batch in source.batches() for v in batch.columns.column(0).to_pylist()] == [1, 2]


def test_a_changed_object_is_read_anew(endpoint: str, bucket) -> None:
    source = Source(uri="s3://crm/changing.csv", endpoint_url=endpoint)
    for content in (b"a\n1\n", b"a,b\n1,2\n"):
        bucket("changing.csv", content)
        assert open_source(source).columns() == content.split(b"\n")[0].decode().split(",")


def test_what_is_not_there(endpoint: str, bucket) -> None:
    with pytest.raises(DataError, match=r"no such file: s3://crm/nothing\.csv"):
        open_source(Source(uri="s3://crm/nothing.csv", endpoint_url=endpoint)).columns()


def test_a_store_that_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = Source(uri="s3://crm/t.csv", endpoint_url=f"http://127.0.0.1:{port}", timeout_s=2)
    with pytest.raises(SourceError, match=r"cannot read s3://crm/t\.csv") as caught:
        open_source(source).columns()
    assert "testing-secret" not in str(caught.value)


def test_a_store_that_hangs() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name in ("t.csv", "t.parquet"):
            source = Source(uri=f"s3://crm/{name}", endpoint_url=uri, timeout_s=0.5)
            with pytest.raises(SourceError, match=rf"s3://crm/{name} did not answer within 0\.5 s"):
                open_source(source).columns()


def test_sniffing_a_remote_table(endpoint: str, bucket) -> None:
    bucket("semicolon.csv", b"a;b\n1;2\n")
    settings = sniff("s3://crm/semicolon.csv", endpoint_url=endpoint)
    assert settings.delimiter == ";"
    assert settings.endpoint_url == endpoint


def zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return stream.getvalue()


def test_all_formats_are_recognised_by_their_content(endpoint: str, bucket, tmp_path: Path) -> None:
    rows = [["a", "b"], ["1", "x"], ["2", "y"]]
    workbook = write_workbook(tmp_path / "t.xlsx", {"T": rows}).read_bytes()
    contents = {
        "t.xlsx": workbook,
        "workbook.csv": workbook,
        "t.json": b'[{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]',
        "lines.txt": b'{"a": "1", "b": "x"}\n{"a": "2", "b": "y"}\n',
        "t.csv": "a;b\n1;x\n2;y\n".encode("utf-16"),
        "t.csv.gz": gzip.compress(b"a|b\n1|x\n2|y\n"),
        "t.zip": zipped(p0="a,b\n1,x\n", p1="b,a\ny,2\n"),
    }
    for name, content in contents.items():
        bucket(f"kinds/{name}", content)
        source = open_source(sniff(f"s3://crm/kinds/{name}", endpoint_url=endpoint))
        assert source.columns() == ["a", "b"], name
        table = pa.Table.from_batches([batch.columns for batch in source.batches()])
        texts = [column.cast(pa.string()).to_pylist() for column in table.columns]
        assert texts == [["1", "2"], ["x", "y"]], name


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_folder_of_partitions_is_sniffed(endpoint: str, bucket, suffix: str) -> None:
    for month in ("01", "02"):
        rows = {
            ".csv": f"a\n{month}\n".encode(),
            ".jsonl": f'{{"a": "{month}"}}'.encode(),
            ".parquet": parquet(a=[month]),
        }
        bucket(f"by{suffix}/month={month}/part-0{suffix}", rows[suffix])
    settings = sniff(f"s3://crm/by{suffix}/", endpoint_url=endpoint)
    source = open_source(settings)
    assert source.columns() == ["a", "month"]
    table = pa.Table.from_batches([batch.columns for batch in source.batches()])
    assert [column.cast(pa.string()).to_pylist() for column in table.columns] == [["01", "02"], ["01", "02"]]
