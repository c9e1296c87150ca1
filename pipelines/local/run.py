"""A training run on this machine, from the lock to the final state in ``run.json``."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.step import INTERRUPTED_STATUS, RESERVE_FILE, release_reserve, storage_error
from pipelines.graphs import settings
from pipelines.graphs.fingerprint import code_hash, code_version
from pipelines.graphs.request import Request
from pipelines.local import record
from pipelines.local.child import ANSWERS_FILE, Job
from pipelines.local.customers import Answer, read_answers
from pipelines.local.display import Display
from pipelines.local.home import Home
from pipelines.local.lock import HomeLock
from pipelines.local.next_steps import REPORT_FILE
from pipelines.local.record import RunRecord
from pipelines.local.runner import Outcome, run_graph
from tenure.atomic import copy_file
from tenure.errors import StorageError, TenureError, VerdictError
from tenure.file_modes import PRIVATE_FOLDER, make_folder
from tenure.signing import SIGNING_KEY_VARIABLE, ensure_home_key

RESERVE_BYTES = 256 * 1024
"""Size of the file that reserves space during a run, enough for its last event and its run.json on a full disk."""

REPORTS = (
    ("raw", "ingest.json"),
    ("validation", "validation.json"),
    ("validation", "validation.html"),
    ("evaluation", "evaluation.json"),
    ("evaluation", "report.html"),
    ("evaluation", "most_wrong.csv"),
)
"""Pairs of a result and a file that a step publishes when it runs; a cached step's is copied from the result."""


@dataclass(frozen=True)
class Options:
    """Options of a run besides its dataset."""

    workers: int
    override: str
    use_cache: bool
    serve: bool


@dataclass(frozen=True)
class Finished:
    """A run that reached a verdict."""

    record: RunRecord
    folder: Path
    evaluation: Mapping[str, Any]
    """``evaluation.json``."""
    version: str | None
    """The registered version; None if the model was not registered."""
    aliases: Sequence[str]
    answers: Sequence[Answer]
    server: str | None
    """URL of the model server that returned the answers; it has ended."""

    def raise_for_verdict(self) -> None:
        """
        Raises:
            VerdictError: the model was rejected, or the verdict is inconclusive without an override.
        """
        if self.version is None:
            verdict = self.evaluation["verdict"]
            hint = '; --override "reason" registers it nevertheless' if verdict["state"] == "inconclusive" else ""
            raise VerdictError(f"{verdict['state']}: {verdict['summary'].removesuffix('.')}{hint}")


def run_training(request: Request, home: Home, options: Options, display: Display) -> Finished:
    """Run the training pipeline in ``home`` and, by option, request predictions for three customers from its server.

    Raises:
        BusyError: another run locks the home.
        InputError: others may read the home's signing key.
        StorageError: the disk is full or cannot be written.
        ServingError: the model server did not start or respond.
        TenureError: a step failed; the message and exit status are those of its error.
        KeyboardInterrupt: Ctrl-C or SIGTERM, after every process of the run has ended.
    """
    home.create()
    if SIGNING_KEY_VARIABLE not in os.environ:
        ensure_home_key(home.folder)
    run_id = record.new_run_id(home, request.contract.name)
    with HomeLock(home.lock, run_id) as lock:
        started = _start(request, home, options, run_id)
        folder = home.runs / run_id
        with _recorded(home, started):
            outcome = run_graph(_job(request, home, options, folder), folder, display, lock.descriptor)
            _fetch_reports(outcome, folder)
            evaluation = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
            registered = outcome.progress.summary("register")
            server, answers = read_answers(folder / ANSWERS_FILE)
        finished = Finished(
            record=_finish(home, started, evaluation, registered, outcome),
            folder=folder,
            evaluation=evaluation,
            version=registered.get("version"),
            aliases=registered.get("aliases", ()),
            answers=answers,
            server=server,
        )
        (folder / RESERVE_FILE).unlink(missing_ok=True)
    return finished


def _start(request: Request, home: Home, options: Options, run_id: str) -> RunRecord:
    training, split = request.contract.training, request.contract.split
    started = RunRecord(
        run_id=run_id,
        dataset=request.contract.name,
        contract=str(request.path),
        source=request.shown_source,
        state="running",
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        parameters={
            "trials": training.trials,
            "workers": options.workers,
            "seed": training.seed,
            "split_seed": split.seed,
            "override": options.override,
            "cache": options.use_cache,
        },
    )
    _reserve_space(home.runs / run_id)
    record.write(home, started)
    return started


def _reserve_space(run_folder: Path) -> None:
    """Reserve the disk space for the run's last event and its final ``run.json``."""
    reserve = run_folder / RESERVE_FILE
    try:
        make_folder(run_folder.parent)
        run_folder.mkdir(mode=PRIVATE_FOLDER)
        # Random, so that no file system compresses it.
        reserve.write_bytes(secrets.token_bytes(RESERVE_BYTES))
    except OSError as error:
        release_reserve(run_folder)
        raise storage_error(error) or StorageError(f"cannot write {reserve}: {error.strerror}") from error


@contextlib.contextmanager
def _recorded(home: Home, started: RunRecord) -> Iterator[None]:
    """Record in ``run.json`` an exception that leaves the block."""
    try:
        yield
    except BaseException as error:
        release_reserve(home.runs / started.run_id)
        if isinstance(error, KeyboardInterrupt):
            ended = started.ended("interrupted", INTERRUPTED_STATUS, error="interrupted")
        else:
            status = error.exit_status if isinstance(error, TenureError) else TenureError.exit_status
            ended = started.ended("failed", status, error=str(error) or type(error).__name__)
        # The error that ended the run must be raised; a run without a final record is shown as interrupted.
        with contextlib.suppress(StorageError):
            record.write(home, ended)
        raise


def _job(request: Request, home: Home, options: Options, folder: Path) -> Job:
    contract = request.contract
    return Job(
        image=settings.local(code_hash()).image,
        arguments={
            "contract": request.text,
            "run_id": folder.name,
            "studies": str(home.studies / "journal"),
            "fingerprint": request.fingerprint,
            "as_of": datetime.now(UTC).date().isoformat() if contract.max_age_days is not None else "",
            "workers": list(range(options.workers)),
            "workers_count": options.workers,
            "override": options.override,
            "code_version": code_version(),
        },
        home=str(home.folder),
        pipeline_root=str(home.artifacts),
        cache_root=str(home.cache),
        use_cache=options.use_cache,
        tracking_uri=home.tracking_uri,
        workers=options.workers,
        serve=options.serve,
    )


def _fetch_reports(outcome: Outcome, folder: Path) -> None:
    """Copy the reports that cached steps did not publish, and link the file of customers that lies beside the page."""
    from tenure.report.linked import link_file

    for result, name in REPORTS:
        source, target = outcome.results[result] / name, folder / name
        if not target.exists():
            copy_file(source, target)
    link_file(folder / REPORT_FILE, "most_wrong.csv")


def _finish(
    home: Home,
    started: RunRecord,
    evaluation: Mapping[str, Any],
    registered: Mapping[str, Any],
    outcome: Outcome,
) -> RunRecord:
    metrics = evaluation["metrics"]
    status = 0 if "version" in registered else VerdictError.exit_status
    ended = started.ended(
        "finished",
        status,
        verdict=evaluation["verdict"]["state"],
        version=registered.get("version"),
        roc_auc=metrics.get("roc_auc", {}).get("value"),
        profit=metrics.get("profit_per_period", {}).get("value"),
        default_business_values=", ".join(evaluation["business"]["defaults"]) or None,
        r2=metrics.get("r2", {}).get("value"),
        rmse=metrics.get("rmse", {}).get("value"),
        results={name: str(path) for name, path in outcome.results.items()},
    )
    record.write(home, ended)
    return ended
