"""Commands to run after a run; each works unchanged in the same shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from pipelines.local.child import REQUEST_FILE
from pipelines.local.home import Home
from pipelines.local.record import RunRecord

REPORT_FILE = "report.html"
SERVE_PORT = 8080


def next_steps(record: RunRecord, home: Home) -> list[tuple[str, str]]:
    """Pairs of a title and a command."""
    folder = home.runs / record.run_id
    where = "" if home.is_default else f" --home {shlex.quote(str(home.folder))}"
    steps = [
        ("report", _from_here(folder / REPORT_FILE)),
        ("MLflow UI", f"{_program('mlflow')} ui --backend-store-uri {shlex.quote(home.tracking_uri)}"),
    ]
    if record.version is None:
        return steps
    model = f"{record.version} --name {shlex.quote(record.dataset)}{where}"
    steps.append(("serve", f"{_program('tenure')} serve {model}"))
    if (folder / REQUEST_FILE).exists():
        body = shlex.quote(f"@{_from_here(folder / REQUEST_FILE)}")
        url = f"http://127.0.0.1:{SERVE_PORT}/v2/models/{record.dataset}/infer"
        steps.append(("ask it", f"curl -H 'Content-Type: application/json' -d {body} {url}"))
    return steps


def _program(name: str) -> str:
    """The command ``name``, with its path if the virtual environment is not active."""
    if shutil.which(name):
        return name
    return shlex.quote(_from_here(Path(sys.executable).parent / name))


def _from_here(path: Path) -> str:
    """The path relative to the current folder if it is below it, else absolute."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
