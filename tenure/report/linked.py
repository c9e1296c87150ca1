"""Links from a page to files in its folder.

A page is one file that needs nothing else, and is copied: to MLflow, to the artifacts of Kubeflow Pipelines, into a
mail. Its links to files are therefore written where the files lie, not where the page is made.
"""

from __future__ import annotations

from pathlib import Path

from tenure.atomic import write_text


def link_file(page: Path, name: str) -> None:
    """Make the file name ``name`` on the page ``page`` a link, if the file lies in the page's folder.

    Raises:
        StorageError: the page cannot be written.
    """
    if not (page.parent / name).is_file():
        return
    text, written = page.read_text(encoding="utf-8"), f"<code>{name}</code>"
    linked = f'<a href="{name}"><code>{name}</code></a>'
    if linked not in text and written in text:
        write_text(page, text.replace(written, linked))
