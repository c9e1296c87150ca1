"""``tenure.load``: tables together with what their columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, Union

import pyarrow as pa

from tenure.api.arrow import InMemory, to_arrow
from tenure.contract import Contract, dump, parse
from tenure.contract.document import read_text
from tenure.contract.load import find_file
from tenure.contract.settings import Source as SourceSettings
from tenure.contract.sources import described, message_prefix, sources_of
from tenure.drafting.draft import draft, name_of
from tenure.errors import InputError
from tenure.generators.dataset import ensure_tables
from tenure.intake.ingest import naming_table
from tenure.sources import Source, absolute_uri, is_table_folder, open_source, sniff_other, sniff_with_notes

Where: TypeAlias = Union[str, Path, Contract, "InMemory"]
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Tables and their contract. Nothing of a table is held in memory, unless it was given as a table in memory."""

    contract: Contract
    """What the columns mean, how rows are split, what a decision is worth."""
    tables: Mapping[str | None, SourceSettings | pa.Table]
    """Addresses of the tables, or the tables in memory, by name; one table with a label column under ``None``."""
    folder: Path
    """Folder that a relative address starts from."""
    text: str
    """The contract as YAML; with comments if it was drafted."""

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.contract.name

    @property
    def table(self) -> SourceSettings | pa.Table:
        """Address of the only table, or the table in memory.

        Raises:
            InputError: there are several.
        """
        return self.tables[_table_named(self.contract, None)]

    def open(self, table: str | None = None) -> Source:
        """A table, to read by batches. Whoever opens it closes it.

        Args:
            table: its name; may be left out where there is one.

        Raises:
            ContractError: the address is invalid.
            InputError: there is no such table.
        """
        name = _table_named(self.contract, table)
        with naming_table(message_prefix(self.contract, name)):
            return open_source(self.tables[name], self.folder)

    def __repr__(self) -> str:
        contract = self.contract
        label = f"label '{contract.label_column}'" if contract.label_column else "label computed from events"
        if len(self.tables) > 1:
            counts = f"{len(self.tables)} tables, {len(contract.inputs)} inputs, {contract.key_phrase}"
            return f"{self.name}: {counts}, {label}, {contract.task}; {', '.join(map(str, self.tables))}"
        columns = described(contract, next(iter(self.tables))).columns
        return (
            f"{self.name}: {len(columns)} columns, {contract.key_phrase}, {label}, {contract.task}; {self.open().shown}"
        )


def load(
    where: Where,
    *,
    table: InMemory | str | Path | None = None,
    tables: Mapping[str, InMemory | str | Path] | None = None,
    label: str | None = None,
) -> Dataset:
    """Load a dataset: read its contract, or draft one from its table.

    Args:
        where: a contract (a folder with a ``contract.yaml``, a YAML file, YAML text, or a ``Contract``), or a table
            (the path of a CSV, Parquet, JSON or Excel file, or of a folder of such files, an address such as
            ``s3://…``, a pandas or Arrow table, columns by name, or a list of rows). For a table a contract is drafted:
            print its ``text``, correct it and load that.
        table: the table to use instead of the one that the contract names.
        tables: of a contract with several tables, those to use instead, by name.
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
        if table is not None or tables is not None:
            raise InputError("'table' and 'tables' replace those of a contract: the first argument is a table already")
        return _draft(where, label)
    if label is not None:
        raise InputError("the contract says which column is the label: leave 'label' out, or edit the contract")
    contract, folder, text = found
    if table is not None and tables is not None:
        raise InputError("give either 'table' or 'tables'")
    named: dict[str | None, InMemory | str | Path] = {} if table is None else {None: table}
    if tables is not None and not isinstance(tables, Mapping):
        raise InputError(f"'tables' is a {type(tables).__name__}: give tables by their names, {{name: table}}")
    named.update(tables or {})
    if not named:
        ensure_tables(folder)
    sources: dict[str | None, SourceSettings | pa.Table] = {**sources_of(contract)}
    for given, instead in named.items():
        name = _table_named(contract, given)
        with naming_table(message_prefix(contract, name)):
            sources[name] = _other_table(sources_of(contract)[name], instead)
    return Dataset(contract, sources, folder, text)


def _other_table(source: SourceSettings, instead: InMemory | str | Path) -> SourceSettings | pa.Table:
    if not isinstance(instead, str | Path):
        return to_arrow(instead)
    found = sniff_other(source, str(instead))
    return found.model_copy(update={"uri": absolute_uri(found.uri or "", Path.cwd())})


def _table_named(contract: Contract, table: str | None) -> str | None:
    """The key of a table in ``sources_of``.

    Args:
        contract: describes the tables.
        table: its name; None for the only one.

    Raises:
        InputError: there is no such table, or there are several.
    """
    names = list(sources_of(contract))
    if table is None:
        if len(names) == 1:
            return names[0]
        raise InputError(f"'{contract.name}' has several tables, name one: {', '.join(map(str, names))}")
    if table not in names:
        known = ", ".join(name for name in names if name is not None)
        there = f"there are {known}" if known else "there is one table without a name"
        raise InputError(f"no table of '{contract.name}' is called '{table}': {there}")
    return table


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
    return Dataset(contract, dict.fromkeys(sources_of(contract), table), Path.cwd(), text)
