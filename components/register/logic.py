"""register: track the run, and put its model into the registry if the verdict allows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenure.bundle import read
from tenure.errors import BundleError, VerdictError
from tenure.progress import progress
from tenure.tracking import Registry, Version, log_run, resolve, to_tags, whoami

REPORTS = ("validation.html", "validation.json")
"""Reports of validate, kept with the run."""


def run(
    *,
    evaluation: Path,
    run_id: str,
    validation: Path | None = None,
    serving: Path | None = None,
    tracking_uri: str = "",
    override: str = "",
    code_version: str = "",
    promote: bool = False,
    who: str = "",
) -> dict[str, Any]:
    """Track the run in MLflow, then register its model as the challenger.

    The first blessed version also becomes the champion; a later one does only with ``promote``, because a champion
    is otherwise replaced by a rollout that watched it under traffic, or by a person (``tenure models promote``).
    A candidate that is identical to the champion is not registered again. Repeating a run that was killed at any
    point ends in the same registry.

    Args:
        evaluation: folder of ``evaluate``; read: ``evaluation.json``, ``report.html``, ``example.json``, ``bundle/``.
        run_id: Tenure's id of the run.
        validation: folder of validate's reports, kept with the run.
        serving: folder of ``check_serving``; ``serving.json`` is kept with the run.
        tracking_uri: of MLflow; ``MLFLOW_TRACKING_URI``, or SQLite in the home, if empty.
        override: why to register a model whose verdict is inconclusive; recorded with the version.
        code_version: of the code that trained.
        promote: make the blessed version the champion at once.
        who: who answers for it; the user of this process if empty.

    Returns:
        ``name``, ``version``, ``bundle_version``, ``aliases``, ``registered`` (whether this is a version other than
        the champion it met), ``mlflow_run_id``, ``tracking_uri``.

    Raises:
        VerdictError: the model is rejected, or inconclusive without an override. The run is tracked all the same.
        BundleError: the bundle is not the one that was evaluated.
        SourceError: MLflow is down, hangs or refuses.
        StorageError: the disk is full or refuses.
    """
    document = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    state, summary = document["verdict"]["state"], document["verdict"]["summary"]
    override = override.strip() or document["override"]
    location = resolve(tracking_uri)
    mlflow_run_id = log_run(location, document, run_id=run_id, files=_files(evaluation, validation, serving))
    if state == "reject":
        raise VerdictError(f"the model was rejected: {summary}")
    if state == "inconclusive" and not override:
        raise VerdictError(f'inconclusive: {summary} To register it all the same: --override "reason"')

    bundle = read(evaluation / "bundle")
    evaluated = document["versions"]["bundle_version"]
    if bundle.version != evaluated:
        raise BundleError(f"{evaluation / 'bundle'}: bundle {bundle.version}, but {evaluated} was evaluated")
    registry = Registry(bundle.contract.name, location)
    champion = document["champion"]
    if champion is not None and champion["identical"]:
        version = registry.version(champion["version"])
    else:
        version = registry.register(
            evaluation / "bundle",
            bundle.contract,
            mlflow_run_id=mlflow_run_id,
            tags=to_tags(
                bundle_version=bundle.version,
                family=bundle.manifest.family,
                verdict=state,
                override=override if state == "inconclusive" else "",
                run_id=run_id,
                data_hash=bundle.manifest.data_hash,
                contract_hash=bundle.manifest.contract_hash,
                code_version=code_version,
                metrics=document["metrics"],
            ),
            example=json.loads((evaluation / "example.json").read_text(encoding="utf-8")),
        )
        version = _crown(registry, version, state, run_id=run_id, promote=promote, who=who or whoami())
    return {
        "name": version.name,
        "version": version.version,
        "bundle_version": version.bundle_version,
        "aliases": list(version.aliases),
        "registered": champion is None or not champion["identical"],
        "mlflow_run_id": mlflow_run_id,
        "tracking_uri": location.shown,
    }


def _crown(registry: Registry, version: Version, state: str, *, run_id: str, promote: bool, who: str) -> Version:
    """Make a blessed version the champion where there is none, or where that was asked for."""
    if state != "bless":
        return version
    if registry.champion() is None:
        return registry.promote(version.version, who=who, why=f"the first blessed version, from run {run_id}")
    if promote:
        return registry.promote(version.version, who=who, why=f"blessed by run {run_id}")
    return version


def track(*, evaluation: Path, run_id: str, validation: Path | None = None, tracking_uri: str = "") -> dict[str, Any]:
    """Track a run in MLflow whose model may not be registered.

    Args:
        evaluation, run_id, validation, tracking_uri: as for ``run``.

    Returns:
        ``name``, ``mlflow_run_id``, ``tracking_uri``.

    Raises:
        SourceError, StorageError: as for ``run``.
    """
    document = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    # On a cluster this line is all that whoever submitted the run gets to read of the verdict.
    progress(f"not blessed: {document['verdict']['summary']}")
    location = resolve(tracking_uri)
    mlflow_run_id = log_run(location, document, run_id=run_id, files=_files(evaluation, validation, None))
    return {"name": document["name"], "mlflow_run_id": mlflow_run_id, "tracking_uri": location.shown}


def _files(evaluation: Path, validation: Path | None, serving: Path | None) -> list[Path]:
    files = [evaluation / "evaluation.json", evaluation / "report.html"]
    if validation is not None:
        files += [validation / name for name in REPORTS]
    return files if serving is None else [*files, serving / "serving.json"]
