"""Recurring runs on a cluster, one per name."""

from __future__ import annotations

import hashlib
import json

from pipelines.cluster.kubeflow import Kubeflow, Schedule
from pipelines.cluster.run_bodies import Submission
from tenure.errors import InputError


def create_or_replace(kubeflow: Kubeflow, submission: Submission, cron: str) -> tuple[Schedule, str]:
    """Make ``submission`` the only recurring run of its name.

    The new one is created before old ones are deleted, so that no run is missed. An identical one is kept.

    Returns:
        The recurring run, and ``created``, ``replaced`` or ``unchanged``.
    """
    description = f"tenure {_digest(submission, cron)}"
    named = [each for each in kubeflow.schedules(submission.experiment) if each.name == submission.run_name]
    identical = [each for each in named if each.description == description and each.enabled]
    if identical:
        current, outcome = identical[0], "unchanged"
    else:
        current = kubeflow.schedule(submission, cron, description)
        outcome = "replaced" if named else "created"
    for old in named:
        if old.id != current.id:
            kubeflow.unschedule(old)
    return current, outcome


def delete_by_name(kubeflow: Kubeflow, name: str) -> int:
    """Delete all recurring runs of a name; returns their number.

    Raises:
        InputError: there is none.
    """
    named = [each for each in kubeflow.schedules() if each.name == name]
    if not named:
        raise InputError(f"no schedule '{name}' in Kubeflow Pipelines at {kubeflow.api}")
    for each in named:
        kubeflow.unschedule(each)
    return len(named)


def _digest(submission: Submission, cron: str) -> str:
    """Hash of everything that the runs of a schedule depend on."""
    total = hashlib.sha256(submission.package.read_bytes())
    rest = [dict(submission.arguments), cron, submission.service_account]
    total.update(json.dumps(rest, sort_keys=True).encode())
    return total.hexdigest()[:16]
