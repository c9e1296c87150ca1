"""Reads a sheet of a workbook by calamine.

calamine was chosen over openpyxl: it is what pandas uses beside it, reads the older and the OpenDocument formats too,
and takes a tenth of the time. A sheet is held in memory whole; Excel has at most 1,048,576 rows.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TypeAlias

from tenure.contract.settings import Source
from tenure.errors import ContractError, DataError
from tenure.sources.address import Address
from tenure.sources.files import open_file, reading
from tenure.sources.magic import MARKUP
from tenure.sources.watchdog import watched_once

MIN_FULLNESS = 0.5
"""Filled cells of the table's sheet, at least, for each of the fullest one."""

Cell: TypeAlias = bool | int | float | str | date | datetime | time | timedelta | None
"""A cell's value; None for a blank cell, and for an error such as ``#N/A``."""


@dataclass(frozen=True)
class Sheet:
    """A sheet, and what else the workbook holds."""

    name: str
    rows: list[list[Cell]]
    """All rows from the sheet's first, of one length; numbers are floats."""
    others: tuple[str, ...]
    """Names of the other visible sheets that are not blank."""


def read_sheet(address: Address, settings: Source) -> Sheet:
    """Read the sheet that ``settings`` names, or else the first visible one that is about as full as the fullest.

    A title page, notes and a list of the columns have few cells beside the table.

    Raises:
        DataError: the file is damaged, is protected by a password, or holds no table.
        ContractError: there is no sheet of that name, or the library is not installed.
    """
    content = _content(address, settings)
    if MARKUP.match(content):
        raise DataError(f"{address.shown} is an HTML or XML page, not a workbook: save it as one")
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError
    except ImportError:
        raise ContractError(f"{address.shown} is a workbook, which needs the package python-calamine") from None
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [sheet.name for sheet in workbook.sheets_metadata if str(sheet.visible).endswith("Visible")]
        if settings.sheet is not None:
            _require(settings.sheet, workbook.sheet_names, address)
            names = [settings.sheet]
        sheets = {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except PasswordError:
        raise DataError(f"{address.shown} is protected by a password: save it without one") from None
    except CalamineError as error:
        raise DataError(f"{address.shown} is not a workbook, or is damaged: {address.clean(error)}") from None
    filled = {
        name: count for name, rows in sheets.items() if (count := sum(cell != "" for row in rows for cell in row))
    }
    if not filled:
        where = "any sheet" if settings.sheet is None else f"the sheet '{settings.sheet}'"
        raise DataError(f"{address.shown} has no values in {where}")
    name = next(name for name, count in filled.items() if count >= MIN_FULLNESS * max(filled.values()))
    rows = [[None if cell == "" else cell for cell in row] for row in sheets[name]]
    return Sheet(name, rows, tuple(other for other in filled if other != name))


def _content(address: Address, settings: Source) -> bytes:
    def read() -> bytes:
        with open_file(address, settings) as file, reading(address):
            return file.read()

    return read() if address.scheme is None else watched_once(read, settings.timeout_s, address.shown)


def _require(name: str, names: list[str], address: Address) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(repr(each) for each in names)}"
        raise ContractError(f"'source.sheet': {address.shown} has no sheet '{name}': {hint}")
