"""One of two evaluations that are compared, with what lies beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenure.bundle import Bundle, read
from tenure.errors import BundleError, InputError

FILE_NAME = "evaluation.json"

Json = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """An evaluation."""

    name: str
    """What the user called it."""
    evaluation: Json
    """The content of ``evaluation.json``."""
    folder: Path
    """That it was read from."""
    bundle: Bundle | None = None
    """The evaluated model; None if it is not beside the evaluation."""
    features: Path | None = None
    """Folder with the parts of the split; None if it is not there."""


def read_side(name: str, file: Path, *, bundle: Path | None = None, features: Path | None = None) -> Side:
    """The evaluation in ``file``.

    Args:
        name: what the user called it.
        bundle: folder of the evaluated model; ``bundle`` beside the file if it is there.
        features: folder of the step ``feature``, if it is at hand.

    Raises:
        InputError: the file cannot be read, or holds no evaluation.
    """
    try:
        evaluation = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{file} is not JSON: {error}") from error
    if not isinstance(evaluation, dict) or not {"metrics", "verdict", "chosen", "versions"} <= set(evaluation):
        raise InputError(f"{file} is not an evaluation.json: it has no metrics, verdict, chosen and versions")
    folder = bundle or file.parent / "bundle"
    return Side(
        name,
        evaluation,
        file.parent,
        _bundle(folder, evaluation),
        features if features is not None and (features / "test.parquet").is_file() else None,
    )


def _bundle(folder: Path, evaluation: Json) -> Bundle | None:
    """The model, if it is the one that was evaluated."""
    try:
        found = read(folder)
    except BundleError:
        return None
    return found if found.version == evaluation["versions"]["bundle_version"] else None
