"""The components of the training pipeline called as functions: one after the other in this process, no graph.

    python -m benchmarks.steps FOLDER            all steps; prints their seconds as JSON
    python -m benchmarks.steps FOLDER STEP       one step, on what those before it left; prints seconds and peak memory

``FOLDER`` holds ``contract.yaml``; each step writes its artifacts to ``FOLDER/<step>/``.
"""

from __future__ import annotations

import inspect
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

from kfp import dsl
from kfp.dsl.types import type_annotations as annotations

from components.spec import displayed_steps, specs_by_folder

STEPS = displayed_steps()
"""Steps of a laptop's run with a blessed model, in an order in which every step finds its inputs."""

ROOT = Path(__file__).resolve().parent.parent


def run_step(name: str, folder: Path) -> None:
    """Call a step's component with the artifacts under ``folder``, made by the steps before it."""
    (folder_name,) = [each for each, specs in specs_by_folder().items() if name in {spec.name for spec in specs}]
    component = getattr(import_module(f"components.{folder_name}.component"), name)
    function: Callable[..., Any] = component.python_func
    parameters: dict[str, Any] = {
        "contract": (folder / "contract.yaml").read_text(encoding="utf-8"),
        "fingerprint": "",
        "as_of": "",
        "storage": str(folder / "studies" / "journal"),
        "worker": 0,
        "workers": 1,
        "run_id": "benchmark",
        "override": "a benchmark registers whatever comes",
    }
    given = {}
    for parameter in inspect.signature(function).parameters.values():
        wanted = parameter.annotation
        if annotations.is_artifact_wrapped_in_Output(wanted):
            given[parameter.name] = _artifact(get_args(wanted)[0], folder / name / parameter.name)
        elif annotations.is_artifact_wrapped_in_Input(wanted):
            found = [folder / step / parameter.name for step in STEPS if (folder / step / parameter.name).exists()]
            inner = get_args(wanted)[0]
            many = annotations.is_list_of_artifacts(inner)
            artifact = _artifact(get_args(inner)[0] if many else inner, found[-1])
            given[parameter.name] = [artifact] if many else artifact
        elif parameter.name in parameters:
            given[parameter.name] = parameters[parameter.name]
    function(**given)


def _artifact(kind: type[dsl.Artifact], path: Path) -> dsl.Artifact:
    path.parent.mkdir(parents=True, exist_ok=True)
    return kind(name=path.name, uri=str(path))


def main(arguments: Sequence[str]) -> None:
    folder, only = Path(arguments[0]), tuple(arguments[1:])
    seconds = {}
    for name in only or STEPS:
        started = perf_counter()
        run_step(name, folder)
        seconds[name] = perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(each.ru_utime + each.ru_stime for each in used)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mib": used[0].ru_maxrss / 1024}))


def measured(folder: Path, *steps: str) -> dict[str, Any]:
    """What a process of its own prints that runs ``steps`` (all without any): seconds, cpu_s, peak_mib."""
    return measured_process("benchmarks.steps", str(folder), *steps, TENURE_HOME=str(folder / "home"))


def measured_process(module: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """The JSON that a module of the benchmarks prints last, run in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    whole = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"} | environment
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=whole)
    if answer.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {answer.returncode}: {answer.stderr[-500:]}")
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
