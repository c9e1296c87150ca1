"""``tenure schedule``: run a pipeline on Kubeflow repeatedly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.cluster_options import ClusterOptions, with_cluster_options
from pipelines.commands.options import JsonOption, command, print_json
from pipelines.commands.run_options import DATASET_HELP

if TYPE_CHECKING:
    from pipelines.cluster.kubeflow import Kubeflow


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "schedule",
        """
tenure schedule datasets/crm --cron "0 0 3 * * *" --image registry.example.com/tenure-pipeline:4f2c1a9
tenure schedule datasets/crm --cron "0 0 3 * * *" --image tenure-pipeline:4f2c1a9 \\
  --deploy churn --rollout-image tenure-rollout:9d03b6e
tenure schedule datasets/crm --pipeline monitoring --cron "0 0 6 * * *" --image tenure-pipeline:4f2c1a9
tenure schedule datasets/crm --pipeline monitoring --log s3://tenure-data/prediction-log --cron "0 30 6 * * *" \\
  --image tenure-pipeline:4f2c1a9 --name crm-served
tenure schedule --list
tenure schedule --delete crm
""",
    )(with_cluster_options(schedule))


def schedule(
    dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]", help=DATASET_HELP)] = None,
    *,
    cron: Annotated[
        str | None,
        typer.Option("--cron", help="Times: second, minute, hour, day, month, day of week; usually in UTC."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="[default: the contract's, and the pipeline]")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the schedules instead.")] = False,
    delete: Annotated[str | None, typer.Option("--delete", metavar="NAME", help="Delete this one instead.")] = None,
    cluster: ClusterOptions,
    json: JsonOption = False,
) -> None:
    """Run a pipeline repeatedly on Kubeflow, at the times of a cron expression.

    Repeating a command changes nothing; other settings under the same name replace the schedule. Replacing or deleting
    a schedule also ends its run in progress: Kubeflow deletes the run's pods.
    """
    from pipelines.cluster.cron import EXAMPLE, check_cron
    from pipelines.cluster.run import default_name, prepared
    from pipelines.cluster.schedules import create_or_replace, delete_by_name
    from tenure.errors import InputError

    if sum([dataset is not None, list_them, delete is not None]) != 1:
        raise InputError("give one of: a DATASET with --cron, --list, --delete NAME")
    if list_them:
        _list(cluster.connect(), json)
        return
    if delete is not None:
        count = delete_by_name(cluster.connect(), delete)
        message = f"schedule '{delete}' deleted; runs that have ended stay in Kubeflow, one in progress ends with it"
        print_json({"deleted": count}) if json else print(message)
        return
    if cron is None:
        raise InputError(f'give the times by --cron, as in --cron "{EXAMPLE}"')
    times = check_cron(cron)
    assert dataset is not None  # noqa: S101 one of three, and not the other two
    cluster.check()
    request = cluster.request(dataset)
    options = cluster.run_options(run_name=name or default_name(request, cluster.pipeline))
    with prepared(request, options) as submission:
        current, outcome = create_or_replace(cluster.connect(), submission, times)
    if json:
        print_json({"id": current.id, "name": current.name, "cron": current.cron, "outcome": outcome})
    else:
        print(f"schedule '{current.name}' {outcome}: {current.cron}")


def _list(kubeflow: Kubeflow, json: bool) -> None:
    import dataclasses

    from pipelines.commands.tables import print_table

    found = kubeflow.schedules()
    if json:
        print_json([dataclasses.asdict(each) for each in found])
    elif not found:
        print("no schedule yet")
    else:
        rows = [(each.name, each.cron or "-", "yes" if each.enabled else "no", each.id) for each in found]
        print_table(["name", "cron", "enabled", "id"], rows)
