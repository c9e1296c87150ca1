"""Tables as text, and as HTML for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = "   "
"""Between two columns of text."""


def text_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under headers and a line, without a line end after the last row. None is an empty cell.

    Args:
        headers: a header that starts with ``>`` is of a column of numbers, which is aligned to the right.
        rows: as many cells each as there are headers.

    Examples:
        >>> print(text_table(["check", ">rows"], [("types", 3), ("nulls", 12)]))
        check   rows
        ────────────
        types      3
        nulls     12
    """
    cells = [_texts(row) for row in rows]
    names, right = _columns(headers)
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        aligned = zip(row, widths, right, strict=True)
        return GAP.join(cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in aligned)

    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    return "\n".join([line(names), rule, *map(line, cells)])


def html_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same as HTML under a title; all texts are escaped.

    Examples:
        >>> html_table("a < b", [">n"], [(1,)]).count("<td")
        1
    """
    # html is slow to import, and text alone does not need it.
    from html import escape

    names, right = _columns(headers)
    styles = [f' style="text-align:{"right" if to_right else "left"}"' for to_right in right]

    def line(tag: str, row: Sequence[str]) -> str:
        cells = zip(row, styles, strict=True)
        return "<tr>" + "".join(f"<{tag}{style}>{escape(cell)}</{tag}>" for cell, style in cells) + "</tr>"

    body = "".join(line("td", _texts(row)) for row in rows)
    return f"<p>{escape(title)}</p><table><thead>{line('th', names)}</thead><tbody>{body}</tbody></table>"


def _columns(headers: Sequence[str]) -> tuple[list[str], list[bool]]:
    """Names of the columns, and which are aligned to the right."""
    return [header.lstrip(">") for header in headers], [header.startswith(">") for header in headers]


def _texts(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]
