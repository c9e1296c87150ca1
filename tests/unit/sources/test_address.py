"""Addresses: variables, folders, formats, and credentials that stay inside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenure.contract.settings import Source
from tenure.errors import ContractError
from tenure.sources import absolute_uri, open_source, relative_uri, replace_uri
from tenure.sources.address import resolve
from tenure.sources.factory import detect_format


def test_variables_are_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "/data")
    assert resolve(Source(uri="${STORE}/x.csv"), Path("/c")).uri == "/data/x.csv"


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    with pytest.raises(ContractError, match="environment variable NOT_THERE, which is not set"):
        open_source(Source(uri="postgresql://u:${NOT_THERE}@h/d", query="select 1"))


def test_no_address() -> None:
    with pytest.raises(ContractError, match=r"'source\.uri' is missing"):
        open_source(Source())


@pytest.mark.parametrize(
    ("uri", "absolute"),
    [
        ("a/b.csv", "/c/a/b.csv"),
        ("/x.csv", "/x.csv"),
        ("s3://bucket/x.csv", "s3://bucket/x.csv"),
        ("sqlite:///x.db", "sqlite:////c/x.db"),
        ("sqlite:////x.db", "sqlite:////x.db"),
        ("${STORE}/x.csv", "${STORE}/x.csv"),
        ("file:///a%20b.csv", "/a b.csv"),
    ],
)
def test_absolute(uri: str, absolute: str) -> None:
    assert absolute_uri(uri, Path("/c")) == absolute


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("/x.csv", "csv"),
        ("/x.tsv", "csv"),
        ("/x.csv.gz", "csv"),
        ("/x.parquet", "parquet"),
        ("s3://b/x.pq", "parquet"),
        ("https://h/x.csv?sig=abc", "csv"),
        ("sqlite:///x.db", "sql"),
        ("postgresql+psycopg://h/d", "sql"),
        ("mysql://h/d", "sql"),
    ],
)
def test_the_format_is_told_from_the_address(uri: str, kind: str) -> None:
    assert detect_format(resolve(Source(uri=uri), Path("/c"))) == kind


def test_a_folder_is_parquet(tmp_path: Path) -> None:
    assert detect_format(resolve(Source(uri=str(tmp_path)), Path())) == "parquet"


@pytest.mark.parametrize(
    ("uri", "relative"),
    [
        ("crm.db", "../../crm.db"),
        ("data/c.csv", "../../data/c.csv"),
        ("sqlite:///crm.db", "sqlite:///../../crm.db"),
        ("sqlite+pysqlite:///data/crm.db?timeout=5", "sqlite+pysqlite:///../../data/crm.db?timeout=5"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:////far/crm.db", "sqlite:////far/crm.db"),
        ("/far/c.csv", "/far/c.csv"),
        ("s3://b/c.csv", "s3://b/c.csv"),
        ("${STORE}/c.csv", "${STORE}/c.csv"),
    ],
)
def test_an_address_as_seen_from_a_contract_leads_to_the_same(
    uri: str, relative: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("datasets/crm")
    assert relative_uri(uri, folder) == relative
    written = absolute_uri(relative_uri(uri, folder), folder.absolute())
    here = absolute_uri(uri, Path.cwd())
    scheme, slashes, path = written.rpartition(":///")
    assert scheme + slashes + (os.path.normpath(path) if relative != uri else path) == here


def test_another_address_brings_its_own_format() -> None:
    source = replace_uri(Source(uri="x.parquet", format="parquet", delimiter=";"), "y.csv")
    assert (source.uri, source.format, source.delimiter) == ("y.csv", None, ";")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:hunter2%21@db:5432/crm", "postgresql://me:***@db:5432/crm"),
        ("postgresql://me:${DB_PASSWORD}@db/crm", "postgresql://me:***@db/crm"),
        ("https://h/x.csv?X-Amz-Signature=hunter2hunter2", "https://h/x.csv?…"),
        ("s3://b/${API_TOKEN}/x.csv", "s3://b/***/x.csv"),
    ],
)
def test_credentials_are_hidden(uri: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2!")
    monkeypatch.setenv("API_TOKEN", "hunter2")
    address = resolve(Source(uri=uri), Path("/c"))
    assert address.shown == shown
    for secret in (address.uri, "hunter2!", "hunter2%21", "hunter2hunter2"):
        if secret in address.uri:
            assert "hunter2" not in address.clean(f"refused: {secret}\nsecond line")


def test_a_password_too_short_to_be_cut_out_takes_the_message_with_it() -> None:
    address = resolve(Source(uri="postgresql://me:pw@db/crm"), Path("/c"))
    assert address.clean(ValueError("bad pw given")) == "ValueError"
    assert address.clean(ValueError("nothing in it")) == "nothing in it"
