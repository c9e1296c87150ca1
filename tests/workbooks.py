"""Excel workbooks for tests, written cell by cell."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
{sheets}</Types>"""
SHEET_TYPE = (
    '<Override PartName="/xl/worksheets/sheet{n}.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
)
RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>"""
RELATION = (
    '<Relationship Id="rId{n}" Target="{target}"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
)
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STYLES = f"""<?xml version="1.0" encoding="UTF-8"?>
<styleSheet {MAIN}><numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;CHF&quot; #,##0.00"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/>
<xf numFmtId="22"/><xf numFmtId="10"/><xf numFmtId="164"/></cellXfs></styleSheet>"""
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001
DATE, MOMENT, PERCENT, CURRENCY = 1, 2, 3, 4


@dataclass(frozen=True)
class Styled:
    """A number with a cell style."""

    value: float
    style: int


@dataclass(frozen=True)
class Error:
    """An error such as ``#N/A``."""

    text: str


def write_workbook(path: Path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> Path:
    """Write sheets of rows of None, text, numbers, booleans, dates, ``Styled`` numbers and ``Error``."""
    numbers = range(1, len(sheets) + 1)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", TYPES.format(sheets="".join(SHEET_TYPE.format(n=n) for n in numbers)))
        office = RELATION.format(n=1, target="xl/workbook.xml", kind="officeDocument")
        archive.writestr("_rels/.rels", RELATIONS.format(inner=office))
        inner = "".join(RELATION.format(n=n, target=f"worksheets/sheet{n}.xml", kind="worksheet") for n in numbers)
        inner += RELATION.format(n=len(sheets) + 1, target="styles.xml", kind="styles")
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format(inner=inner))
        state = dict.fromkeys(hidden, ' state="hidden"')
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"{state.get(name, "")}/>'
            for n, name in enumerate(sheets, 1)
        )
        relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        archive.writestr(
            "xl/workbook.xml", f'<workbook {MAIN} xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>'
        )
        archive.writestr("xl/styles.xml", STYLES)
        for n, rows in enumerate(sheets.values(), 1):
            body = "".join(_row(number, cells) for number, cells in enumerate(rows, 1))
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml", f"<worksheet {MAIN}><sheetData>{body}</sheetData></worksheet>"
            )
    return path


def _row(number: int, cells: list[object]) -> str:
    inner = "".join(
        _cell(f"{chr(65 + place)}{number}", value) for place, value in enumerate(cells) if value is not None
    )
    return f'<row r="{number}">{inner}</row>'


def _cell(place: str, value: object) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, Error):
        return f'<c r="{place}" t="e"><v>{value.text}</v></c>'
    if isinstance(value, Styled):
        return f'<c r="{place}" s="{value.style}"><v>{value.value}</v></c>'
    if isinstance(value, datetime):
        days = (value - EPOCH).total_seconds() / 86400
        return f'<c r="{place}" s="{MOMENT}"><v>{days!r}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{DATE}"><v>{(value - EPOCH.date()).days}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'
