"""The champion as the candidate meets it: its bundle, its answers on the same rows, or why there are none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from tenure.bundle import Bundle, read
from tenure.contract.settings import Task
from tenure.errors import InputError
from tenure.evaluation.setting import C, S, Setting


@dataclass(frozen=True)
class Standing(Generic[S]):
    """The registered champion."""

    version: str
    bundle_version: str
    bundle: Bundle | None
    said: S | None
    """Its answers on the test part; none where ``unreadable`` says why."""
    unreadable: str | None


def read_standing(folder: Path, task: Task, setting: Setting[S, C]) -> Standing[S] | None:
    """The champion in ``folder``, scored on the test part; none where ``champion.json`` names no version.

    A champion that does not load, is of another task, or cannot score today's rows, is no error: the comparison is then
    inconclusive.
    """
    found = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    if found["version"] is None:
        return None
    version, bundle_version = str(found["version"]), str(found.get("bundle_version") or "")
    if found.get("unreadable"):
        return Standing(version, bundle_version, None, None, str(found["unreadable"]))
    try:
        bundle = read(folder / "bundle")
        if bundle.contract.task != task:
            why = f"it was trained for {bundle.contract.task}, the contract's task is {task}"
            return Standing(version, bundle_version, None, None, why)
        return Standing(version, bundle_version, bundle, setting.score(bundle, setting.test.table), None)
    except InputError as error:
        return Standing(version, bundle_version, None, None, str(error))
