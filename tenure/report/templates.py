"""The templates of the pages, with the filters and the style sheet that they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tenure.number_text import percent, score
from tenure.report.page import NOTHING

FILTERS: dict[str, Callable[..., str]] = {
    "percent": lambda value, digits=1: NOTHING if value is None else percent(value, digits),
    "score": lambda value: NOTHING if value is None else score(value),
    "capitalize_first": lambda text: text[:1].upper() + text[1:],
    "count": lambda value: NOTHING if value is None else f"{value:,.0f}",
    "day": lambda text: f"{datetime.fromisoformat(text):%d %B %Y, %H:%M} UTC".lstrip("0"),
}


def environment(*packages: str) -> Environment:
    """Templates of ``tenure.report``, and of further ``packages``.

    Everything that a page shows is escaped, and an undefined name is an error.
    """
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package, ".") for package in ("tenure.report", *packages)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= FILTERS
    return found


def style(templates: Environment, *names: str) -> Markup:
    """The style sheets as they stand in a page."""
    sheets = [templates.loader.get_source(templates, name)[0] for name in names] if templates.loader else []
    return Markup("\n".join(sheets))  # noqa: S704 (our own files)
