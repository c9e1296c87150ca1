"""The businesses, by name: modules of ``tenure.generators.businesses``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.errors import InputError

if TYPE_CHECKING:
    from tenure.generators.business import Business

FOLDER = Path(__file__).with_name("businesses")


def names() -> list[str]:
    """The names of all businesses, sorted. An underscore in a file's name is a hyphen."""
    return sorted(path.stem.replace("_", "-") for path in FOLDER.glob("[!_]*.py"))


def find(name: str) -> Business:
    """The business with this name.

    Raises:
        InputError: there is none; the message names those that there are.
    """
    if name not in names():
        raise InputError(f"unknown business '{name}': there are {', '.join(names())}")
    module = import_module(f"tenure.generators.businesses.{name.replace('-', '_')}")
    business: Business = module.BUSINESS
    return business
