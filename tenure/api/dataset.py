"""``tenure.load``: a table together with what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, Union

import pyarrow as pa

from tenure.api.arrow import InMemory, to_arrow
from tenure.contract import Contract, dump, parse
from tenure.contract.document import read_text
from tenure.contract.load import find_file
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting.draft import draft, name_of
from tenure.errors import InputError
from tenure.generators.dataset import ensure_tables
from tenure.sources import Source, is_table_folder, open_source, sniff_other, sniff_with_notes

Where: TypeAlias = Union[str, Path, Contract, "InMemory"]
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A table and its contract. Nothing of the table is held in memory, unless it was given as a table in memory."""

    contract: Contract
    """What the columns mean, how rows are split, what a decision is worth."""
    table: SourceSettings | pa.Table
    """Address of the table, or the table in memory."""
    folder: Path
    """Folder that a relative address starts from."""
    text: str
    """The contract as YAML; with comments if it was drafted."""

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.contract.name

    def open(self) -> Source:
        """The table, to read by batches. Whoever opens it closes it.

        Raises:
            ContractError: the address is invalid.
        """
        return open_source(self.table, self.folder)

    def __repr__(self) -> str:
        contract = self.contract
        label = f"label '{contract.label_column}'" if contract.label_column else "label computed from events"
        counts = f"{len(contract.columns)} columns, {contract.key_phrase}, {label}, {contract.task}"
        return f"{self.name}: {counts}; {self.open().shown}"


def load(where: Where, *, table: InMemory | str | Path | None = None, label: str | None = None) -> Dataset:
    """Load a dataset: read its contract, or draft one from its table.

    Args:
        where: a contract (a folder with a ``contract.yaml``, a YAML file, YAML text, or a ``Contract``), or a table
            (the path of a CSV, Parquet, JSON or Excel file, or of a folder of such files, an address such as
            ``s3://…``, a pandas or Arrow table, columns by name, or a list of rows). For a table a contract is drafted:
            print its ``text``, correct it and load that.
        table: the table to use instead of the one that the contract names.
        label: the column to predict, for a table; by default the column whose name and values look like a label. A
            column of two values makes a classification, one of numbers a regression.

    Returns:
        The dataset, for ``check`` and ``train``.

    Raises:
        ContractError: the contract is invalid; names file, line and key.
        DataError: the table cannot be read, or no contract can be drafted from it.
        InputError: the arguments contradict each other.
        SourceError: the database or object store is down or does not answer in time.

    Examples:
        >>> import tenure
        >>> print(tenure.load("datasets/telco"))  # doctest: +ELLIPSIS
        telco: 21 columns, key 'customerID', label 'Churn', classification; ...telco_churn.csv
        >>> rows = {"id": range(1000), "visits": [i % 7 for i in range(1000)], "left": ["no", "no", "yes", "no"] * 250}
        >>> print(tenure.load(rows, label="left"))
        table: 3 columns, key 'id', label 'left', classification; the table in memory
    """
    found = _find_contract(where)
    if found is None:
        if table is not None:
            raise InputError("'table' replaces the table of a contract: the first argument is a table already")
        return _draft(where, label)
    if label is not None:
        raise InputError("the contract says which column is the label: leave 'label' out, or edit the contract")
    contract, folder, text = found
    if table is None:
        ensure_tables(folder)
        return Dataset(contract, contract.source, folder, text)
    if isinstance(table, str | Path):
        return Dataset(contract, sniff_other(contract.source, str(table)), Path.cwd(), text)
    return Dataset(contract, to_arrow(table), folder, text)


def dataset_of(data: Dataset | Where) -> Dataset:
    """``data``, loaded where it is not a dataset yet."""
    return data if isinstance(data, Dataset) else load(data)


def _find_contract(where: Where) -> tuple[Contract, Path, str] | None:
    """Contract, its folder and its text; None if ``where`` is a table."""
    if isinstance(where, Contract):
        return where, Path.cwd(), dump(where)
    if isinstance(where, str) and "\n" in where:
        return parse(where), Path.cwd(), where
    if not isinstance(where, str | Path):
        return None
    path = Path(where)
    file = find_file(path)
    is_dataset = file != path and (file.exists() or not is_table_folder(path))
    if not is_dataset and path.suffix not in YAML_SUFFIXES:
        return None
    text = read_text(file)
    return parse(text, origin=str(file)), file.parent.absolute(), text


def _draft(where: InMemory | str | Path, label: str | None) -> Dataset:
    if isinstance(where, str | Path):
        sniffed, name = sniff_with_notes(str(where)), name_of(str(where))
        settings, notes = sniffed.source, sniffed.notes
        table: SourceSettings | pa.Table = settings
    else:
        settings, notes, name, table = SourceSettings(), (), "table", to_arrow(where)
    source = open_source(table)
    try:
        contract, text, _ = draft(source, settings, name, label, notes)
    finally:
        source.close()
    return Dataset(contract, table, Path.cwd(), text)
