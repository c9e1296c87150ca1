"""The champion as the candidate meets it: its bundle, its answers on the same rows, or why there are none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from components.evaluate.scoring import score
from tenure.bundle import Bundle, read
from tenure.errors import InputError
from tenure.evaluation import Scored


@dataclass(frozen=True)
class Standing:
    """The registered champion."""

    version: str
    bundle_version: str
    bundle: Bundle | None
    scored: Scored | None
    """Its answers on the test part; none where ``unreadable`` says why."""
    unreadable: str | None


def read_standing(folder: Path, table: pa.Table) -> Standing | None:
    """The champion in ``folder``, scored on ``table``; none where ``champion.json`` names no version.

    A champion that does not load, or cannot score today's rows, is no error: the comparison is then inconclusive.
    """
    found = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    if found["version"] is None:
        return None
    version, bundle_version = str(found["version"]), str(found.get("bundle_version") or "")
    if found.get("unreadable"):
        return Standing(version, bundle_version, None, None, str(found["unreadable"]))
    try:
        bundle = read(folder / "bundle")
        return Standing(version, bundle_version, bundle, score(bundle, table), None)
    except InputError as error:
        return Standing(version, bundle_version, None, None, str(error))
