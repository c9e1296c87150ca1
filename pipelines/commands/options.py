"""Shared by the commands: options, one-line errors, exit statuses."""

from __future__ import annotations

import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tenure.errors import TenureError

INTERRUPTED_STATUS = 130
LOG_LINES = 60
"""Last lines of a run's log that ``--verbose`` shows."""
KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY

EXIT_CODES = """\b
Exit status:
  0  success
  1  any other error
  2  invalid input: command line, contract, data or bundle
  3  a database, bucket or registry is down, does not answer in time, or refuses
  4  another run uses the home
  5  the disk is full or cannot be written
  6  the model server did not start, or answers incorrectly
  7  the run succeeded, its model was not blessed
  130  interrupted"""


def _close_home(home: Path | None) -> Path | None:
    """Close the home to other users, and say so, where it was open."""
    from pipelines.local.home import Home

    found = Home.at(home)
    if found.close():
        print(f"tenure: {found.folder} was open to other users of this machine; now it is yours alone", file=sys.stderr)
    return home


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TENURE_HOME",
        callback=_close_home,
        help="Folder of runs, models and caches. [default: .tenure]",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, for scripts.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Show the trace of an error.")]


def command(app: typer.Typer, name: str, examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command. It gets ``--verbose``; its errors become one line on stderr and an exit status.

    Args:
        app: the group of the command.
        name: what the user types.
        examples: command lines that run unchanged, shown at the end of ``--help``.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(*, verbose: bool = False, **options: Any) -> None:
            try:
                function(**options)
                sys.stdout.flush()
            except BrokenPipeError:
                # The reader of a pipe has closed it, as in `tenure runs | head -3`: nothing more can be written.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except (Exception, KeyboardInterrupt) as error:
                if isinstance(error, typer.Exit | typer.BadParameter):
                    raise
                raise typer.Exit(report(error, verbose=verbose)) from None

        # typer reads options from the signature: the command's own, and --verbose.
        own = inspect.signature(function, eval_str=True)
        both = [
            *own.parameters.values(),
            inspect.Parameter("verbose", KEYWORD_ONLY, default=False, annotation=VerboseOption),
        ]
        run.__signature__ = own.replace(parameters=both)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in both}
        run.__doc__ = function.__doc__
        indented = "\n".join(f"  {line}" for line in examples.strip().splitlines())
        app.command(name, epilog=f"\b\nExamples:\n{indented}")(run)
        return run

    return register


def report(error: BaseException, *, verbose: bool) -> int:
    """Print an error in one line on stderr; returns its exit status.

    Args:
        error: what a command raised.
        verbose: print the trace too; of an error in another process, the end of that process's log.
    """
    log = getattr(error, "log", None)
    if verbose and log is not None:
        print(*log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:], sep="\n", file=sys.stderr)
    elif verbose and not isinstance(error, KeyboardInterrupt):
        traceback.print_exception(error)
    if isinstance(error, TenureError):
        message, status = str(error), error.exit_status
    elif isinstance(error, KeyboardInterrupt):
        message, status = "interrupted", INTERRUPTED_STATUS
    else:
        from components.step import storage_error

        storage = storage_error(error)
        if storage is not None:
            message, status = str(storage), storage.exit_status
        else:
            hint = "" if verbose else " (--verbose shows where)"
            first = next((line for line in str(error).splitlines() if line.strip()), "")
            message, status = f"unexpected {type(error).__name__}: {first}{hint}", TenureError.exit_status
    print(f"tenure: {message}", file=sys.stderr)
    return status


def print_json(document: Any) -> None:
    """Print a JSON document on standard output."""
    print(json.dumps(document, indent=2, default=str))
