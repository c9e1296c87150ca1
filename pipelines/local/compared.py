"""What ``tenure report A B`` compares: runs, registered versions, evaluations in files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.local import record
from pipelines.local.home import Home
from tenure.errors import InputError

if TYPE_CHECKING:
    from pipelines.local.record import RunRecord
    from tenure.report.comparison import Side
    from tenure.tracking import Registry

EVALUATION_FILE = "evaluation.json"
VERSION = re.compile(r"\d+|champion|challenger")


def find_side(home: Home, named: str, registry: Registry | None = None) -> Side:
    """The evaluation that the command line names.

    Args:
        named: a run's id or ``last``; a version's number or alias; the path of an ``evaluation.json`` or of its folder.
        registry: of the model whose versions are meant; only needed for a version.

    Raises:
        InputError: there is no such run or version here, it has no evaluation, or the file holds none.
    """
    path = Path(named)
    if path.is_file() or (path / EVALUATION_FILE).is_file():
        # The end of a long path tells evaluations apart, and fits a heading.
        return _in_file(path if path.is_file() else path / EVALUATION_FILE, str(Path(*path.parts[-2:])))
    if path.suffix == ".json" or len(path.parts) > 1:
        raise InputError(f"{named} is neither an {EVALUATION_FILE} nor a folder with one")
    if registry is not None and VERSION.fullmatch(named):
        version = registry.version(named)
        found = _run(
            home, version.run_id, f"version {version.version} was trained by run {version.run_id}, and there is"
        )
        return _of_run(home, found, f"{registry.name} version {version.version}")
    found = record.read(home, named)
    return _of_run(home, found, found.run_id)


def is_version(named: str) -> bool:
    """Whether an argument names a registered version."""
    return VERSION.fullmatch(named) is not None and not Path(named).exists()


def page_path(first: Side, second: Side) -> Path:
    """Where the page of a comparison goes: beside the second evaluation."""
    slug = re.sub(r"[^\w-]+", "-", first.name).strip("-")
    return second.folder / f"compared-with-{slug}.html"


def _run(home: Home, run_id: str, why: str) -> RunRecord:
    try:
        return record.read(home, run_id)
    except InputError as error:
        raise InputError(f"{why} {error}") from None


def _of_run(home: Home, found: RunRecord, name: str) -> Side:
    folder = home.runs / found.run_id
    if not (folder / EVALUATION_FILE).is_file():
        raise InputError(f"run {found.run_id} ({found.state}) has no evaluation; its log is {folder / 'run.log'}")
    return _with_results(folder / EVALUATION_FILE, name, found.results)


def _in_file(file: Path, name: str) -> Side:
    """The evaluation in ``file``; with the run's results, if it lies in a run's folder."""
    written = file.parent / record.FILE_NAME
    results = json.loads(written.read_text(encoding="utf-8")).get("results", {}) if written.is_file() else {}
    return _with_results(file, name, results)


def _with_results(file: Path, name: str, results: dict[str, str]) -> Side:
    from tenure.report.comparison import read_side

    evaluation, features = results.get("evaluation"), results.get("features")
    return read_side(
        name,
        file,
        bundle=None if evaluation is None else Path(evaluation) / "bundle",
        features=None if features is None else Path(features),
    )
