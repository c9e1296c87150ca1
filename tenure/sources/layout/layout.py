"""Titles, descriptions and totals of a table, by its first and last rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.sources.layout.descriptions import count_descriptions, description_note
from tenure.sources.layout.endings import body_of, count_endings, ending_note
from tenure.sources.layout.rows import Row
from tenure.sources.layout.titles import find_header, title_note

SAMPLE_ROWS = 200
"""First rows of a table that are looked at."""


@dataclass(frozen=True)
class Layout:
    """The rows of a file or sheet that are not the table's."""

    skip_rows: int
    skip_rows_after_header: int
    skip_rows_at_end: int
    notes: tuple[str, ...]
    """The evidence, a sentence each."""

    @property
    def settings(self) -> dict[str, int]:
        """As in the section ``source`` of a contract."""
        return {
            "skip_rows": self.skip_rows,
            "skip_rows_after_header": self.skip_rows_after_header,
            "skip_rows_at_end": self.skip_rows_at_end,
        }


def find_layout(rows: Sequence[Row], tail: Sequence[Row] | None = None) -> Layout:
    """Find the rows that are not the table's.

    Args:
        rows: the first rows of the file; all of them where ``tail`` is None.
        tail: the last rows of a longer file.
    """
    notes = []
    sample = rows[:SAMPLE_ROWS]
    header = find_header(sample) if sample else 0
    if header:
        notes.append(title_note(sample, header))
    described = count_descriptions(sample[header + 1 :])
    if described:
        notes.append(description_note(sample[header + 1 :], described))
    under = rows[header + 1 + described :]
    body = body_of(under) if tail is None else under
    last = under[len(body) :] if tail is None else tail
    endings = count_endings(last, body[:SAMPLE_ROWS])
    if endings:
        notes.append(ending_note(last, endings))
    return Layout(rows[header].line if header else 0, described, endings, tuple(notes))
