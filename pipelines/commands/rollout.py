"""``tenure rollout``: the command line of the package ``rollout``, in place of this process."""

from __future__ import annotations

import os

import typer

from pipelines.commands.become import become


def register(app: typer.Typer) -> None:
    """Add the command to the top level. All its arguments, with ``--help``, are passed on to the rollout."""
    passed_on = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command("rollout", context_settings=passed_on)(rollout)


def rollout(context: typer.Context) -> None:
    """Roll a version out by canary: start, status, pause, resume, promote, abort, audit, plan."""
    os.environ["TENURE_PROGRAM"] = "tenure rollout"
    become("rollout", context.args or ["--help"])
