"""Names, texts and shares in comments and messages: on one line, shortened."""

from __future__ import annotations

from tenure.count_text import percent

MAX_TEXT = 60
"""Characters shown of a name or a text."""


def on_one_line(text: str) -> str:
    """``text`` with blanks for line breaks and other characters that cannot be printed."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def shorten(text: str) -> str:
    """``text`` on one line, cut to ``MAX_TEXT``."""
    shown = on_one_line(text)
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}…"


def share_of(count: int, rows: int) -> str:
    """``8.5 %``."""
    return percent(count / rows)
