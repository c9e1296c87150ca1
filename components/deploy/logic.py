"""Deploy: hand a registered version to the rollout.

The rollout is a program of its own (``python -m rollout``): steps import nothing of serving, and one place
alone talks to the cluster. Started is all that it is here; a controller in the cluster takes hours where a step should
take seconds. Starting the version that is under way, or that serves already, changes nothing, so a retry is safe. One
that was rolled back is not started again: a run that trains the same model each night would give it to customers each
night. A person may.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from typing import Any

from tenure.errors import BusyError, InputError, SourceError, TenureError, VerdictError
from tenure.progress import progress
from tenure.tracking import resolve

ERRORS: dict[int, type[TenureError]] = {
    error.exit_status: error for error in (InputError, SourceError, BusyError, VerdictError)
}


def run(
    *,
    service: str,
    version: str,
    model: str,
    namespace: str = "",
    tracking_uri: str = "",
    artifact_root: str = "",
    shadow_log: str = "",
    wait: bool = False,
    who: str = "",
    why: str = "",
) -> dict[str, Any]:
    """Start the rollout, and see it through if asked to.

    Args:
        service, namespace: the InferenceService; an empty namespace is the pod's or the context's own.
        version, model: in the registry. An empty version is one that was not registered: nothing is deployed.
        tracking_uri: of MLflow; the environment's if empty. It may be away for ``TENURE_TRACKING_PATIENCE_S``.
        artifact_root: what MLflow's own artifact addresses are relative to.
        shadow_log: a prediction log to replay first; empty for none.
        wait: until the rollout's end.
        who, why: for the history.

    Returns:
        ``deployed`` (whether there was a version), ``version``, ``service`` and ``outcome``, the rollout's last line.

    Raises:
        InputError: if service, version or name make a rollout impossible; the line says what to do.
        SourceError: if cluster or registry are away or forbid it.
        BusyError: if another version is being rolled out.
        VerdictError: if the version was rolled back before, or is now and was waited for.
    """
    if not version:
        return {"deployed": False, "version": "", "service": service, "outcome": "no version was registered"}
    location = resolve(tracking_uri)
    location.reach()
    command = [sys.executable, "-m", "rollout", "start", service]
    command += ["--version", version, "--model", model, "--once"]
    options = {
        "--namespace": namespace,
        "--mlflow": "" if location.sqlite_file else location.uri,
        "--artifact-root": artifact_root,
        "--shadow": shadow_log,
        "--who": who,
        "--why": why,
    }
    command += [part for name, value in options.items() if value for part in (name, value)]
    if wait:
        command.append("--wait")
    status, outcome, fault = _follow(command)
    if status:
        raise ERRORS.get(status, TenureError)(fault or f"the rollout's start ended with status {status}")
    return {"deployed": True, "version": version, "service": service, "outcome": outcome}


def _follow(command: list[str]) -> tuple[int, str, str]:
    """Run a command and tell its lines as progress; its exit status, last line, and last line of errors."""
    faults: deque[str] = deque(maxlen=1)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101 (PIPE)
        errors = process.stderr
        reader = threading.Thread(target=lambda: faults.extend(line.strip() for line in errors), daemon=True)
        reader.start()
        last = ""
        for line in process.stdout:
            last = line.strip()
            progress(last)
        reader.join()
    return process.returncode, last, (faults[0] if faults else "").removeprefix("error: ")
