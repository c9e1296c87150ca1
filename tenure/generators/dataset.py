"""Datasets whose tables are generated: a folder with a ``generator.yaml`` beside the contract."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, ValidationError

from tenure.contract.document import line_of, read, read_text
from tenure.contract.load import describe_error
from tenure.errors import ContractError

SETTINGS_FILE = "generator.yaml"
COMPLETE_FILE = "truth.json"
"""The file that is written last."""


class GeneratorSettings(BaseModel):
    """``generator.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    business: str
    """The business; ``tenure generate --help`` names them."""
    customers: PositiveInt | None = None
    """By default as many as the business says."""
    seed: NonNegativeInt = 1
    data: str = "data"
    """Folder that the tables are written to, relative to the dataset's. Datasets of the same tables share one."""


def ensure_tables(folder: Path) -> None:
    """Generate the tables of a dataset, if it has a ``generator.yaml`` and they are missing.

    Tables that are there stay as they are, whatever their number of customers.

    Raises:
        ContractError: ``generator.yaml`` is invalid.
        InputError: there is no such business.
        StorageError: the disk is full or cannot be written.
    """
    file = folder / SETTINGS_FILE
    if not file.is_file():
        return
    settings = read_settings(file)
    data = folder / settings.data
    if (data / COMPLETE_FILE).exists():
        return
    from tenure.generators.generate import generate  # it imports pyarrow's writers

    generate(settings.business, data, customers=settings.customers, seed=settings.seed)


def read_settings(file: Path) -> GeneratorSettings:
    """Read a ``generator.yaml``.

    Raises:
        ContractError: it is invalid; names file, line and key.
    """
    node, document = read(read_text(file), str(file))
    try:
        return GeneratorSettings.model_validate(document)
    except ValidationError as error:
        line = line_of(node, error.errors(include_url=False)[0]["loc"])
        raise ContractError(f"{file}:{line}: {describe_error(error)}") from None
