"""Recurring runs on a cluster: one of a name, which says what was last asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from pipelines.cluster.run_bodies import Submission
from pipelines.cluster.submit import Kubeflow, Schedule
from tenure.errors import InputError


def put_on_schedule(kubeflow: Kubeflow, submission: Submission, cron: str, tell: Callable[[str], None]) -> Schedule:
    """Make the recurring run of this name what ``submission`` says, and no other of the name be.

    The new one is made before an old one is deleted: no time is missed. One that is the same already stays.
    """
    description = f"tenure {_digest(submission, cron)}"
    named = [found for found in kubeflow.schedules(submission.experiment) if found.name == submission.run_name]
    same = [found for found in named if found.description == description and found.enabled]
    if same:
        kept = same[0]
        tell("unchanged")
    else:
        kept = kubeflow.schedule(submission, cron, description)
        tell("replaced" if named else "created")
    for old in named:
        if old.id != kept.id:
            kubeflow.unschedule(old)
    return kept


def take_off_schedule(kubeflow: Kubeflow, name: str) -> int:
    """Delete every recurring run of the name; how many those were.

    Raises:
        InputError: there is none.
    """
    named = [found for found in kubeflow.schedules() if found.name == name]
    if not named:
        raise InputError(f"no schedule '{name}' in Kubeflow Pipelines at {kubeflow.shown}")
    for found in named:
        kubeflow.unschedule(found)
    return len(named)


def _digest(submission: Submission, cron: str) -> str:
    """Of all that a schedule's runs depend on."""
    total = hashlib.sha256(submission.package.read_bytes())
    rest = [dict(submission.arguments), cron, submission.service_account]
    total.update(json.dumps(rest, sort_keys=True).encode())
    return total.hexdigest()[:16]
