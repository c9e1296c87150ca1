"""register: tracks the run, and registers its model if the verdict allows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenure.bundle import read
from tenure.errors import BundleError, VerdictError
from tenure.progress import progress
from tenure.signing import SIGNING_KEY_VARIABLE, signing_key_from
from tenure.tracking import Registry, Version, log_run, resolve, to_tags, whoami

REPORTS = ("validation.html", "validation.json")
"""Reports of validate and check_drift, stored with the run."""


def run(
    *,
    evaluation: Path,
    run_id: str,
    validation: Path | None = None,
    serving: Path | None = None,
    override: str = "",
    code_version: str = "",
) -> dict[str, Any]:
    """Track the run in MLflow, then register its model as the challenger.

    The first blessed version also becomes the champion. A later champion is replaced by a rollout, which compares both
    under traffic, or by a person (``tenure models promote``). A candidate that is identical to the champion is not
    registered again. Repeating a run that was killed at any point leads to the same registry.

    Args:
        evaluation: folder of ``evaluate``; read: ``evaluation.json``, ``report.html``, ``example.json``, ``bundle/``.
        run_id: Tenure's id of the run.
        validation: folder of validate's reports, stored with the run.
        serving: folder of ``check_serving``; ``serving.json`` is stored with the run.
        override: reason to register a model whose verdict is inconclusive; recorded with the version.
        code_version: version of the code that trained.

    The environment variable ``TENURE_SIGNING_KEY`` gives the key that signs the registered bundle; without it the
    bundle is registered unsigned.

    Returns:
        ``name``, ``version``, ``bundle_version``, ``aliases``, ``registered`` (whether the version is not that of
        the champion), ``signing_key`` (id of the key, null without one), ``mlflow_run_id``, ``tracking_uri``.

    Raises:
        InputError: ``TENURE_SIGNING_KEY`` is not a private key.
        VerdictError: the model is rejected, or inconclusive without an override. The run is tracked in both cases.
        BundleError: the bundle is not the one that was evaluated.
        SourceError: MLflow is unreachable, times out or denies access.
        StorageError: the disk is full or cannot be written.
    """
    document = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    state, summary = document["verdict"]["state"], document["verdict"]["summary"]
    override = override.strip() or document["override"]
    key = signing_key_from()
    location = resolve()
    mlflow_run_id = log_run(location, document, run_id=run_id, files=_files(evaluation, validation, serving))
    if state == "reject":
        raise VerdictError(f"the model was rejected: {summary}")
    if state == "inconclusive" and not override:
        raise VerdictError(f'inconclusive: {summary} To register it nevertheless: --override "reason"')

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
                period=document["business"]["period"],
                default_business_values=document["business"]["defaults"],
            ),
            example=json.loads((evaluation / "example.json").read_text(encoding="utf-8")),
            key=key,
        )
        progress(f"signed by key {key.key_id[:16]}" if key else f"not signed: {SIGNING_KEY_VARIABLE} is not set")
        version = _promote_first(registry, version, state, run_id)
    return {
        "name": version.name,
        "version": version.version,
        "bundle_version": version.bundle_version,
        "aliases": list(version.aliases),
        "registered": champion is None or not champion["identical"],
        "signing_key": None if key is None else key.key_id,
        "mlflow_run_id": mlflow_run_id,
        "tracking_uri": location.shown,
    }


def _promote_first(registry: Registry, version: Version, state: str, run_id: str) -> Version:
    """Make a blessed version the champion if there is none yet."""
    if state != "bless" or registry.champion() is not None:
        return version
    return registry.promote(version.version, who=whoami(), why=f"the first blessed version, from run {run_id}")


def track(*, evaluation: Path, run_id: str, validation: Path | None = None) -> dict[str, Any]:
    """Track a run in MLflow whose model is not registered.

    Args:
        evaluation, run_id, validation: as for ``run``.

    Returns:
        ``name``, ``mlflow_run_id``, ``tracking_uri``.

    Raises:
        SourceError, StorageError: as for ``run``.
    """
    document = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    # On a cluster `tenure submit` reads the verdict from this line of the step's log.
    progress(f"not blessed: {document['verdict']['summary']}")
    location = resolve()
    mlflow_run_id = log_run(location, document, run_id=run_id, files=_files(evaluation, validation, None))
    return {"name": document["name"], "mlflow_run_id": mlflow_run_id, "tracking_uri": location.shown}


def _files(evaluation: Path, validation: Path | None, serving: Path | None) -> list[Path]:
    files = [evaluation / "evaluation.json", evaluation / "report.html"]
    if validation is not None:
        files += [validation / name for name in REPORTS]
    return files if serving is None else [*files, serving / "serving.json"]
