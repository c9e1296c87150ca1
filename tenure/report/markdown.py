"""Text in a Markdown page."""

from __future__ import annotations

SPECIAL = "\\`*_[]<>#|"


def plain(text: str) -> str:
    """``text`` as it stands: what comes from a table, such as a column's name, is no markup."""
    return text.translate({ord(sign): f"\\{sign}" for sign in SPECIAL})
