"""What a cell of a table looks like: a number or date, a text, missing; and its shape."""

from __future__ import annotations

import re

CURRENCY = r"(?:[A-Z]{3}|[€$£¥%])?"
NUMBER = re.compile(rf"[(+-]?\s*{CURRENCY}\s*[+-]?(?:\d[\d.,'\s]*|\.\d+)(?:[eE][+-]?\d+)?\s*{CURRENCY}\s*[)-]?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d.*)?|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}.*")
MISSING = frozenset({"", "-", "--", ".", "?", "n/a", "na", "nan", "nil", "none", "null", "#n/a", "unknown", "missing"})
LETTERS = re.compile(r"[^\W\d_]+")
DIGITS = re.compile(r"\d+")


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def is_measured(cell: str) -> bool:
    """Whether the cell is a number or a date, as people write them."""
    text = cell.strip()
    return NUMBER.fullmatch(text) is not None or DATE.fullmatch(text) is not None


def shape(cell: str) -> str:
    """The cell with every run of letters as ``a`` and of digits as ``9``: ``a9`` for ``C100299``."""
    return DIGITS.sub("9", LETTERS.sub("a", cell.strip()))


def filled(record: list[str]) -> int:
    """Cells that are not blank."""
    return sum(bool(cell.strip()) for cell in record)
