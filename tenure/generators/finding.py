"""The businesses, by name: modules and packages of ``tenure.generators.businesses``."""

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
    files = [*FOLDER.glob("[!_]*.py"), *(package.parent for package in FOLDER.glob("[!_]*/__init__.py"))]
    return sorted(file.stem.replace("_", "-") for file in files)


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
