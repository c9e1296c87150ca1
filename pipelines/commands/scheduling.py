"""``tenure schedule``: a pipeline on Kubeflow, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.cluster_options import (
    WORKERS,
    AccountOption,
    CacheOption,
    ContextOption,
    DataOption,
    DeployNamespaceOption,
    DeployOption,
    EndpointOption,
    ExperimentOption,
    ImageOption,
    LabelOption,
    LogOption,
    PipelineOption,
    ReferenceOption,
    SecretOption,
    TrackingOption,
    TrialsOption,
    WorkersOption,
    check_flags,
    checked_image,
    cluster_request,
)
from pipelines.commands.options import JsonOption, command, print_json
from pipelines.graphs.names import Pipeline
from pipelines.graphs.settings import TRACKING_URI

if TYPE_CHECKING:
    from pipelines.cluster.submit import Kubeflow


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "schedule",
        """
tenure schedule datasets/crm --cron "0 0 3 * * *" --image registry.example.com/tenure-pipeline:4f2c1a9
tenure schedule datasets/crm --cron "0 0 3 * * *" --image tenure-pipeline:4f2c1a9 --deploy churn
tenure schedule datasets/crm --pipeline monitoring --cron "0 0 6 * * *" --image tenure-pipeline:4f2c1a9
tenure schedule datasets/crm --pipeline monitoring --log s3://tenure-data/prediction-log --cron "0 30 6 * * *" \\
  --image tenure-pipeline:4f2c1a9 --name crm-served
tenure schedule --list
tenure schedule --delete crm
""",
    )(schedule)


def schedule(
    dataset: Annotated[
        Path | None, typer.Argument(metavar="[DATASET]", help="Folder with a contract.yaml, or the contract itself.")
    ] = None,
    *,
    pipeline: PipelineOption = Pipeline.TRAINING,
    cron: Annotated[
        str | None, typer.Option("--cron", help="When: second, minute, hour, day, month, day of week; UTC as a rule.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="[default: the contract's, and the pipeline]")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the schedules instead.")] = False,
    delete: Annotated[str | None, typer.Option("--delete", metavar="NAME", help="Delete this one instead.")] = None,
    endpoint: EndpointOption = None,
    context: ContextOption = None,
    image: ImageOption = None,
    data: DataOption = None,
    reference: ReferenceOption = "",
    log: LogOption = "",
    experiment: ExperimentOption = None,
    label: LabelOption = None,
    workers: WorkersOption = None,
    trials: TrialsOption = None,
    cache: CacheOption = True,
    mlflow_uri: TrackingOption = TRACKING_URI,
    source_secret: SecretOption = None,
    service_account: AccountOption = None,
    deploy: DeployOption = None,
    deploy_namespace: DeployNamespaceOption = None,
    json: JsonOption = False,
) -> None:
    """Run a pipeline again and again on Kubeflow, at the times that a cron expression says.

    Saying the same again changes nothing; saying something else under the same name replaces the schedule. A run
    that is under way ends with its schedule, when that is replaced or deleted: Kubeflow takes its pods along.
    """
    from pipelines.cluster.cron import EXAMPLE, check_cron
    from pipelines.cluster.kubernetes_names import label_pairs
    from pipelines.cluster.run import Options, name_of, prepared
    from pipelines.cluster.schedules import put_on_schedule, take_off_schedule
    from pipelines.cluster.submit import Kubeflow
    from tenure.errors import InputError

    if sum([dataset is not None, list_them, delete is not None]) != 1:
        raise InputError("say one of: a DATASET with --cron, --list, --delete NAME")
    if list_them:
        _list(Kubeflow.connect(endpoint, context), json)
        return
    if delete is not None:
        count = take_off_schedule(Kubeflow.connect(endpoint, context), delete)
        said = f"schedule '{delete}' deleted; runs that have ended stay in Kubeflow, one under way ends with it"
        print_json({"deleted": count}) if json else print(said)
        return
    if cron is None:
        raise InputError(f'say when by --cron, as in --cron "{EXAMPLE}"')
    when = check_cron(cron)
    assert dataset is not None  # noqa: S101 one of three, and not the other two
    check_flags(
        pipeline,
        data,
        workers=workers,
        trials=trials,
        reference=reference,
        log=log,
        deploy=deploy,
        deploy_namespace=deploy_namespace,
    )
    request = cluster_request(dataset, data, trials)
    options = Options(
        image=checked_image(image),
        pipeline=pipeline,
        reference=reference,
        log=log,
        experiment=experiment,
        run_name=name or name_of(request, pipeline),
        labels=label_pairs(label or []),
        workers=workers or WORKERS,
        use_cache=cache,
        tracking_uri=mlflow_uri,
        source_secret=source_secret,
        service_account=service_account,
        deploy=deploy,
        deploy_namespace=deploy_namespace,
    )
    outcome: list[str] = []
    with prepared(request, options) as submission:
        kubeflow = Kubeflow.connect(endpoint, context)
        kept = put_on_schedule(kubeflow, submission, when, outcome.append)
    if json:
        print_json({"id": kept.id, "name": kept.name, "cron": kept.cron, "outcome": outcome[0]})
    else:
        print(f"schedule '{kept.name}' {outcome[0]}: {kept.cron}")


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
