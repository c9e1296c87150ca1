"""Resolve pyproject.toml's extras into one lock a role: exact versions with hashes, no index address.

The development lock is resolved first and constrains the others, so that what is tested is what ships.
Run by ``make lock``. A pin that still holds is kept; delete a lock first to take the newest of everything.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROLES = ("dev", "local", "pipeline", "serving", "rollout")
STANDALONE = ("rollout",)
"""Roles that use none of the domain library's dependencies: only the extra is resolved, so that the image is small."""
EXTRAS = {"serving": ("serving", "tracing"), "pipeline": ("pipeline", "duckdb"), "local": ("local", "duckdb")}
"""Roles that are more than the extra of their name: the server's image can send traces, and features of more events
than memory holds are computed on a laptop and in steps."""


def compile_lock(role: str, constraints: Path | None) -> Path:
    """Write ``<role>.txt``.

    Raises:
        subprocess.CalledProcessError: if the requirements contradict each other.
    """
    target = HERE / f"{role}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate"]
    command += ["--custom-compile-command", "make lock", "--output-file", str(target)]
    if constraints is not None:
        command += ["--constraint", str(constraints)]
    if role in STANDALONE:
        project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extra = "\n".join(project["optional-dependencies"][role])
        subprocess.run([*command, "-"], check=True, cwd=HERE.parent, input=extra, text=True)
    else:
        extras = [f"--extra={extra}" for extra in EXTRAS.get(role, (role,))]
        subprocess.run([*command, *extras, "pyproject.toml"], check=True, cwd=HERE.parent)
    return target


def main() -> None:
    constraints: Path | None = None
    for role in ROLES:
        target = compile_lock(role, constraints)
        constraints = constraints or target
        print(f"{target.name}: {target.read_text(encoding='utf-8').count('==')} packages")


if __name__ == "__main__":
    main()
