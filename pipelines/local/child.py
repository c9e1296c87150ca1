"""The runner process: the graph under kfp.local, apart from the process that people look at.

    python -m pipelines.local.child <run folder>

kfp.local prints a great deal and calls every step as a subprocess; here all of that goes to the run's log. The process
leads a group of its own, so that one signal ends the run and all its steps. When the process that started it goes
away, however that happened, the pipe on its standard input closes, and the group ends itself: nothing runs on unseen.
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
    give_back_reserve,
    step,
    storage_error,
)
from pipelines.local.events import SERVE, RunProgress, Tail
from pipelines.local.home import HOME_VARIABLE, TRACKING_VARIABLE
from tenure.atomic import write_text

ORDER_FILE = "order.json"
RESULTS_FILE = "results.json"
ANSWERS_FILE = "answers.json"
REQUEST_FILE = "request.json"
EVENTS_FILE = "events.jsonl"
MAX_PARALLEL_TASKS = 2
"""kfp.local runs no more than two iterations of a loop at a time, whatever it is asked."""


@dataclass(frozen=True)
class Order:
    """What the runner process is asked to do; ``order.json`` in the run's folder."""

    image: str
    arguments: dict[str, Any]
    """The pipeline's arguments."""
    home: str
    pipeline_root: str
    cache_root: str
    use_cache: bool
    tracking_uri: str
    workers: int
    serve: bool
    """Start the model server at the end, if a model was registered, and ask it about customers."""

    def write(self, run_folder: Path) -> None:
        (run_folder / ORDER_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, run_folder: Path) -> Order:
        return cls(**json.loads((run_folder / ORDER_FILE).read_text(encoding="utf-8")))


def main(run_folder: Path) -> int:
    """Run the training graph as ordered; the status is 0 if every step worked. Results are in ``results.json``."""
    order = Order.read(run_folder)
    signal.signal(signal.SIGTERM, _end)
    _end_with_parent()
    _prepare_environment(order, run_folder)
    _hear_of_cache_hits()
    _leave_out_the_cluster()

    from kfp import local

    from pipelines.graphs import settings
    from pipelines.graphs.training import training_pipeline

    # kfp tells of every setting that a laptop does not have; these are for the cluster.
    warnings.filterwarnings("ignore", module="kfp")
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=order.pipeline_root,
        enable_caching=order.use_cache,
        cache_root=order.cache_root,
    )
    try:
        graph = training_pipeline(settings.Settings(image=order.image))
        outputs = graph(**order.arguments).outputs
    except RuntimeError as error:
        # kfp.local's way to say that a step failed; the step has told why.
        print(error, flush=True)
        return 1
    except OSError as error:
        # kfp.local itself met a full disk, between the steps.
        storage = storage_error(error)
        if storage is None:
            raise
        give_back_reserve(run_folder)
        fields = {"type": type(storage).__name__, "exit_status": storage.exit_status, "elapsed_s": 0.0}
        Step("run", "run").emit("error", message=str(storage), **fields)
        return storage.exit_status
    results = {name: value.uri for name, value in outputs.items() if hasattr(value, "uri")}
    write_text(run_folder / RESULTS_FILE, json.dumps(results, indent=2) + "\n")
    if order.serve:
        _serve(order, run_folder, results)
    return 0


def _serve(order: Order, run_folder: Path, results: dict[str, str]) -> None:
    """Serve the model that was registered, if one was. In this process: what ends the run ends the server."""
    progress = RunProgress()
    for event in Tail(run_folder / EVENTS_FILE).read():
        progress.apply(event)
    if "version" not in progress.summary("register"):
        return
    with step(SERVE) as running:
        from pipelines.local.customers import serve_and_ask
        from tenure.contract import parse

        running.summary = serve_and_ask(
            parse(order.arguments["contract"]),
            Path(results["evaluation"]) / "bundle",
            Path(results["features"]) / "test.parquet",
            answers=run_folder / ANSWERS_FILE,
            request=run_folder / REQUEST_FILE,
        )


def _prepare_environment(order: Order, run_folder: Path) -> None:
    os.environ.update(
        {
            EVENTS_VARIABLE: str(run_folder / EVENTS_FILE),
            RUN_DIR_VARIABLE: str(run_folder),
            PIPELINE_ROOT_VARIABLE: order.pipeline_root,
            PARALLEL_TASKS_VARIABLE: str(min(order.workers, MAX_PARALLEL_TASKS)),
            HOME_VARIABLE: order.home,
            TRACKING_VARIABLE: order.tracking_uri,
            "PYTHONUNBUFFERED": "1",
        }
    )
    # kfp.local puts sys.executable in place of the word "python3" wherever it stands in a step's command, and so also
    # in paths and in the contract. With this interpreter's folder first on PATH the word can stay as it is.
    # Steps find Tenure's packages by the PYTHONPATH that the runner set.
    executable = Path(sys.executable)
    if (executable.parent / "python3").exists():
        os.environ["PATH"] = f"{executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        sys.executable = "python3"


def _leave_out_the_cluster() -> None:
    """kfp imports its client for clusters, and with it Kubernetes': more than half of its start, for nothing here."""
    client = ModuleType("kfp.client")
    client.__dict__["Client"] = None
    sys.modules.setdefault("kfp.client", client)


def _hear_of_cache_hits() -> None:
    """Turn kfp's log line about a cache hit into an event: the step itself, not run, cannot tell."""
    pattern = re.compile(r"Task (\S+) cache hit ")

    def hear(record: logging.LogRecord) -> bool:
        hit = pattern.match(record.getMessage())
        if hit is not None:
            name = hit.group(1).replace("-", "_")
            Step(name, name).emit("cached")
        return True

    logger = logging.getLogger()
    logger.setLevel(logging.INFO)
    logger.addFilter(hear)


def _end_with_parent() -> None:
    """Wait until the other end of the pipe on standard input is gone, then end the group. Steps get an empty input."""
    pipe = os.dup(0)
    with open(os.devnull) as nothing:  # noqa: PTH123 a descriptor is wanted, not a path
        os.dup2(nothing.fileno(), 0)

    def wait() -> None:
        while os.read(pipe, 1024):
            pass
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def _end(_number: int, _frame: FrameType | None) -> None:
    # The steps are in the group and got the same signal; on the way out kfp.local waits for them.
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
