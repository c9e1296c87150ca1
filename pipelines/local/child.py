"""The runner process: executes the graph by kfp.local, separately from the process that draws the display.

    python -m pipelines.local.child <run folder>

kfp.local prints a lot and starts every step as a subprocess; all of that output goes to the run's log. The process
leads its own process group, so that one signal ends the run and all its steps. When its parent process exits for any
reason, the pipe on its standard input closes and the group kills itself: no orphan keeps running.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
import threading
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from components.step import (
    EVENTS_VARIABLE,
    PARALLEL_TASKS_VARIABLE,
    PIPELINE_ROOT_VARIABLE,
    RUN_DIR_VARIABLE,
    Step,
    release_reserve,
    step,
    storage_error,
)
from pipelines.local.events import SERVE, RunProgress, Tail
from pipelines.local.home import HOME_VARIABLE, TRACKING_VARIABLE
from tenure.atomic import write_text
from tenure.file_modes import keep_files_private
from tenure.signing import SIGNING_KEY_VARIABLE, home_key_file

JOB_FILE = "job.json"
RESULTS_FILE = "results.json"
ANSWERS_FILE = "answers.json"
REQUEST_FILE = "request.json"
EVENTS_FILE = "events.jsonl"
MAX_PARALLEL_TASKS = 2
"""kfp.local runs at most two iterations of a loop in parallel, whatever the graph allows."""


@dataclass(frozen=True)
class Job:
    """Input of the runner process; ``job.json`` in the run's folder."""

    image: str
    arguments: dict[str, Any]
    """Arguments of the pipeline."""
    home: str
    pipeline_root: str
    cache_root: str
    use_cache: bool
    tracking_uri: str
    workers: int
    serve: bool
    """Whether to start the model server after the graph, if a model was registered, and request predictions from it."""

    def write(self, run_folder: Path) -> None:
        (run_folder / JOB_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, run_folder: Path) -> Job:
        return cls(**json.loads((run_folder / JOB_FILE).read_text(encoding="utf-8")))


def main(run_folder: Path) -> int:
    """Run the training graph and write ``results.json``; returns the exit status, 0 if every step succeeded."""
    job = Job.read(run_folder)
    keep_files_private()
    signal.signal(signal.SIGTERM, _end)
    _end_with_parent()
    _prepare_environment(job, run_folder)
    _emit_cache_hits()
    _skip_cluster_client()

    from kfp import local

    from pipelines.graphs import settings
    from pipelines.graphs.training import training_pipeline

    # kfp warns about every setting that it ignores locally.
    warnings.filterwarnings("ignore", module="kfp")
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=job.pipeline_root,
        enable_caching=job.use_cache,
        cache_root=job.cache_root,
    )
    try:
        graph = training_pipeline(settings.Settings(image=job.image))
        outputs = graph(**job.arguments).outputs
    except RuntimeError as error:
        # kfp.local raises it for a failed step, which has emitted its own error.
        print(error, flush=True)
        return 1
    except OSError as error:
        # The disk was full while kfp.local itself wrote, between the steps.
        storage = storage_error(error)
        if storage is None:
            raise
        release_reserve(run_folder)
        fields = {"type": type(storage).__name__, "exit_status": storage.exit_status, "elapsed_s": 0.0}
        Step("run", "run").emit("error", message=str(storage), **fields)
        return storage.exit_status
    results = {name: value.uri for name, value in outputs.items() if hasattr(value, "uri")}
    write_text(run_folder / RESULTS_FILE, json.dumps(results, indent=2) + "\n")
    if job.serve:
        _serve(job, run_folder, results)
    return 0


def _serve(job: Job, run_folder: Path, results: dict[str, str]) -> None:
    """Serve the registered model, if there is one, in this process group, so that the server ends with the run."""
    progress = RunProgress()
    for event in Tail(run_folder / EVENTS_FILE).read():
        progress.apply(event)
    if "version" not in progress.summary("register"):
        return
    with step(SERVE) as running:
        from pipelines.local.customers import serve_and_ask
        from tenure.contract import parse

        running.summary = serve_and_ask(
            parse(job.arguments["contract"]),
            Path(results["evaluation"]) / "bundle",
            Path(results["features"]) / "test.parquet",
            Path(results["valid"]),
            answers=run_folder / ANSWERS_FILE,
            request=run_folder / REQUEST_FILE,
        )


def _prepare_environment(job: Job, run_folder: Path) -> None:
    os.environ.update(
        {
            EVENTS_VARIABLE: str(run_folder / EVENTS_FILE),
            RUN_DIR_VARIABLE: str(run_folder),
            PIPELINE_ROOT_VARIABLE: job.pipeline_root,
            PARALLEL_TASKS_VARIABLE: str(min(job.workers, MAX_PARALLEL_TASKS)),
            HOME_VARIABLE: job.home,
            TRACKING_VARIABLE: job.tracking_uri,
            "PYTHONUNBUFFERED": "1",
        }
    )
    os.environ.setdefault(SIGNING_KEY_VARIABLE, str(home_key_file(Path(job.home))))
    # kfp.local replaces the word "python3" by sys.executable everywhere in a step's command, also in paths and in the
    # contract. With this interpreter's folder first on PATH and sys.executable "python3" it replaces nothing.
    # Steps find Tenure's packages by the PYTHONPATH that the runner sets.
    executable = Path(sys.executable)
    if (executable.parent / "python3").exists():
        os.environ["PATH"] = f"{executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        sys.executable = "python3"


def _skip_cluster_client() -> None:
    """Stub kfp's client for clusters, whose import takes half of kfp's start and is not needed here."""
    client = ModuleType("kfp.client")
    client.__dict__["Client"] = None
    sys.modules.setdefault("kfp.client", client)


def _emit_cache_hits() -> None:
    """Emit an event for each cache hit that kfp logs, because a cached step does not run and emits none."""
    pattern = re.compile(r"Task (\S+) cache hit ")

    def emit(record: logging.LogRecord) -> bool:
        hit = pattern.match(record.getMessage())
        if hit is not None:
            name = hit.group(1).replace("-", "_")
            Step(name, name).emit("cached")
        return True

    logger = logging.getLogger()
    logger.setLevel(logging.INFO)
    logger.addFilter(emit)


def _end_with_parent() -> None:
    """Kill the process group when the pipe on standard input closes. Steps get an empty standard input."""
    pipe = os.dup(0)
    with open(os.devnull) as nothing:  # noqa: PTH123 a descriptor is wanted, not a path
        os.dup2(nothing.fileno(), 0)

    def wait() -> None:
        while os.read(pipe, 1024):
            pass
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _end(_number: int, _frame: FrameType | None) -> None:
    # The steps are in the group and received the same signal; kfp.local waits for them while this exits.
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
