"""JSON Schemas (draft 2020-12) of the documents that Tenure writes for others, a file a format and version.

    evaluation            evaluation.json of the step evaluate
    monitoring            monitoring.json of the step monitor
    prediction-log-row    a row of the prediction log
    prediction-answer     the model server's answer, V2 over HTTP
    predictions           what ``tenure predict --json`` prints

A change that an existing reader would not survive is a new version, in a new file beside the old one.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def schema(name: str, version: int) -> dict[str, Any]:
    """The schema of a format.

    Args:
        name: as listed above.
        version: from 1; the field ``format`` of a document that has one.

    Raises:
        ValueError: there is no schema of that name and version.
    """
    known = sorted(each.name.removesuffix(".json") for each in files(__name__).iterdir() if each.name.endswith(".json"))
    if f"{name}-{version}" not in known:
        raise ValueError(f"no schema '{name}' of version {version}: there are {', '.join(known)}")
    found: dict[str, Any] = json.loads(files(__name__).joinpath(f"{name}-{version}.json").read_text(encoding="utf-8"))
    return found
