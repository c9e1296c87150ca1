"""Formats of tables: found by the folder's listing, or declared by an installed package."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from tenure.contract import parse
from tenure.contract.settings import Source
from tenure.contract.source_formats import BUILT_IN
from tenure.errors import ContractError
from tenure.sources import Format, move_uri, open_source, sniff
from tenure.sources.address import Address
from tenure.sources.factory import format_of
from tenure.sources.fingerprint import fingerprint

LINES = '''
"""A table as lines of column=value pairs."""

import pyarrow as pa

from tenure.sources import FileFormat
from tenure.sources.arrow_table import ArrowTable


class Lines(FileFormat):
    suffixes = (".lines",)

    def open(self, address, source):
        with open(address.uri) as file:
            return ArrowTable(pa.Table.from_pylist([dict(pair.split("=") for pair in line.split()) for line in file]))


FORMAT = Lines()
'''
CONTRACT = """
name: crm
source: {{uri: customers, format: {name}}}
label: {{positive: "yes"}}
columns:
  id: {{type: string, role: key}}
  months: {{type: integer}}
  left: {{type: category, role: label}}
"""


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table in a format that an installed package adds: its module, and the entry point that declares it."""
    site = tmp_path / "site"
    metadata = site / "tenure_lines-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "tenure_lines.py").write_text(LINES)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tenure-lines\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[tenure.sources]\nlines = tenure_lines:FORMAT\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "tenure_lines", raising=False)
    table = tmp_path / "customers.lines"
    table.write_text("id=a months=3\nid=b months=9\n")
    return table


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_module_of_the_folder_is_a_format(name: str) -> None:
    assert isinstance(import_module(f"tenure.sources.formats.{name}").FORMAT, Format)


def test_a_package_adds_a_format_that_is_detected_by_its_suffix(lines: Path) -> None:
    source = sniff(str(lines))
    (batch,) = open_source(source).batches(["months"])
    assert batch.columns.to_pylist() == [{"months": "3"}, {"months": "9"}]
    assert source == Source(uri=str(lines))


def test_a_package_adds_a_format_that_contracts_name(lines: Path, tmp_path: Path) -> None:
    contract = parse(CONTRACT.format(name="lines"))
    lines.rename(tmp_path / "customers")
    assert open_source(contract.source, tmp_path).columns() == ["id", "months"]


def test_an_added_format_has_the_fingerprint_of_its_files(lines: Path) -> None:
    address, source = Address(str(lines), str(lines)), Source(uri=str(lines))
    before = fingerprint(address, source)
    assert fingerprint(address, source) == before
    lines.write_text("id=a months=4\n")
    assert fingerprint(address, source) != before


def test_a_package_that_is_broken_is_named(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "site" / "tenure_lines.py").write_text("import nowhere_at_all")
    with pytest.raises(ContractError, match="format 'lines' cannot be imported from tenure_lines:FORMAT: No module"):
        open_source(Source(uri=str(lines)))


@pytest.mark.parametrize(
    ("name", "hint"), [("parqet", "did you mean 'parquet'"), ("excel", "there are csv, json, parquet, sql, xlsx")]
)
def test_an_unknown_format_is_an_error_that_names_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(ContractError, match=rf"'source\.format': no table format is called '{name}': {hint}"):
        parse(CONTRACT.format(name=name))


def test_a_database_may_change_without_a_sign() -> None:
    address, source = Address("sqlite:///a.db", "a.db"), Source(uri="sqlite:///a.db", query="select 1")
    assert fingerprint(address, source) != fingerprint(address, source)
    assert not format_of(address, source).is_files


def test_a_copied_folder_keeps_its_format(tmp_path: Path) -> None:
    """The address of a local folder shows that it is Parquet, that of a folder in an object store does not."""
    source = Source(uri=str(tmp_path))
    assert move_uri(source, "s3://data/customers").format == "parquet"
    assert move_uri(source, "s3://data/customers.parquet").format is None
    assert move_uri(Source(uri="a.csv"), "s3://data/a.csv").format is None
