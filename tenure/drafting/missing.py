"""Texts that stand for a missing value."""

from __future__ import annotations

SPREADSHEET_ERRORS = ("#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!")
ALWAYS = (
    *SPREADSHEET_ERRORS,
    *(
        "N/A",
        "n/a",
        "N/a",
        "n.a.",
        "N.A.",
        "NULL",
        "null",
        "Null",
        "(null)",
        "<null>",
        "\\N",
        "nan",
        "NaN",
        "NAN",
        "<NA>",
    ),
    *("NaT", "?", "-", "--", "---", ".", "(blank)", "(leer)", "k.A.", "missing", "Missing", "MISSING", "not available"),
    *("Not Available", "0000-00-00", "0000-00-00 00:00:00"),
)
"""Missing in a column of any type."""
IN_NUMBERS = (*ALWAYS, "NA", "na", "None", "none", "NONE", "–", "—", "unknown", "Unknown", "UNKNOWN", "nil", "Nil")
"""Missing in a column of numbers or dates; of texts they may be values, such as the country NA."""
UNCLEAR = tuple(word for word in IN_NUMBERS if word not in ALWAYS)
