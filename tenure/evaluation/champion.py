"""The champion beside a candidate: its bundle and its predictions for the same rows, or why there are none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from tenure.bundle import Bundle, read
from tenure.errors import InputError
from tenure.evaluation.against import C
from tenure.evaluation.evaluator import Evaluator, P


@dataclass(frozen=True)
class Champion(Generic[P]):
    """The registered champion."""

    version: str
    bundle_version: str
    bundle: Bundle | None = None
    predictions: P | None = None
    """On the test part; None where ``unreadable`` says why."""
    unreadable: str | None = None


def read_champion(folder: Path, task: str, evaluator: Evaluator[P, C]) -> Champion[P] | None:
    """The champion in ``folder``, with its predictions for the test part; None where ``champion.json`` has no version.

    A champion that does not load, is of another task, or cannot score today's rows, is no error: the comparison is then
    inconclusive.
    """
    found = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    if found["version"] is None:
        return None
    version, bundle_version = str(found["version"]), str(found.get("bundle_version") or "")
    if found.get("unreadable"):
        return Champion(version, bundle_version, unreadable=str(found["unreadable"]))
    try:
        bundle = read(folder / "bundle")
        if bundle.contract.task != task:
            why = f"it was trained for {bundle.contract.task}, the contract's task is {task}"
            return Champion(version, bundle_version, unreadable=why)
        return Champion(version, bundle_version, bundle, evaluator.predict(bundle, evaluator.test.table))
    except InputError as error:
        return Champion(version, bundle_version, unreadable=str(error))
