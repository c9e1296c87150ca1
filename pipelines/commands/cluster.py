"""``tenure submit`` and ``tenure schedule``: the training pipeline on Kubeflow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.options import JsonOption, command, print_json
from pipelines.settings import TRACKING_URI

if TYPE_CHECKING:
    from pipelines.request import Request
    from pipelines.run_states import RunState
    from pipelines.submit import Kubeflow

MAX_WORKERS = 64

EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint", envvar="KFP_ENDPOINT", help="Address of the API, such as http://localhost:8888."),
]
ImageOption = Annotated[
    str | None, typer.Option("--image", help="Image of the steps, with a tag made of its content or a digest.")
]
DataOption = Annotated[
    str | None, typer.Option("--data", help="Address of the table, in place of the contract's source.")
]
ExperimentOption = Annotated[
    str | None, typer.Option("--experiment", help="Of Kubeflow. [default: the contract's name]")
]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="key=value of every pod; repeatable.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=MAX_WORKERS, help="Pods of the search.")]
TrialsOption = Annotated[int | None, typer.Option("--trials", min=1, help="Trials a model family.")]
CacheOption = Annotated[bool, typer.Option("--cache/--no-cache", help="Take what did not change from earlier runs.")]
TrackingOption = Annotated[
    str, typer.Option("--mlflow-uri", help="MLflow seen from the pods, where Kubeflow names none to them.")
]
SecretOption = Annotated[
    str | None, typer.Option("--source-secret", help="Secret with a key for each variable of the data's address.")
]
AccountOption = Annotated[str | None, typer.Option("--service-account", help="Of the pods. [default: Kubeflow's]")]


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    command(
        app,
        "submit",
        """
tenure submit datasets/crm --endpoint http://localhost:8888 --image registry.example.com/tenure-pipeline:4f2c1a9
tenure submit datasets/telco --data s3://bucket/customers.parquet --image tenure-pipeline:4f2c1a9 --workers 8
tenure submit datasets/crm --image tenure-pipeline:4f2c1a9 --label team=crm --no-wait --json | jq -r .run_id
""",
    )(submit)
    command(
        app,
        "schedule",
        """
tenure schedule datasets/crm --cron "0 0 3 * * *" --image registry.example.com/tenure-pipeline:4f2c1a9
tenure schedule --list
tenure schedule --delete crm
""",
    )(schedule)


def submit(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder with a contract.yaml, or the contract itself.")
    ],
    *,
    endpoint: EndpointOption = None,
    image: ImageOption = None,
    data: DataOption = None,
    experiment: ExperimentOption = None,
    run_name: Annotated[str | None, typer.Option("--run-name", help="[default: the contract's name and now]")] = None,
    label: LabelOption = None,
    workers: WorkersOption = 2,
    trials: TrialsOption = None,
    override: Annotated[
        str, typer.Option("--override", help="Why to register the model even if the verdict is inconclusive.")
    ] = "",
    cache: CacheOption = True,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = True,
    timeout_s: Annotated[float | None, typer.Option("--timeout-s", min=0.0, help="Wait no longer; it goes on.")] = None,
    mlflow_uri: TrackingOption = TRACKING_URI,
    source_secret: SecretOption = None,
    service_account: AccountOption = None,
    json: JsonOption = False,
) -> None:
    """Run the training pipeline on Kubeflow, and follow it.

    Leaves with status 7 if the model was not blessed. Ctrl-C ends the waiting, not the run.
    """
    from pipelines.cluster_run import Options, label_pairs, prepared, raise_for_end
    from pipelines.submit import Kubeflow

    options = Options(
        image=_image(image),
        experiment=experiment,
        run_name=run_name,
        labels=label_pairs(label or []),
        workers=workers,
        override=override,
        use_cache=cache,
        tracking_uri=mlflow_uri,
        source_secret=source_secret,
        service_account=service_account,
    )
    with prepared(_request(dataset, data, trials), options) as submission:
        kubeflow = Kubeflow.connect(endpoint)
        run_id = kubeflow.create(submission)
    document = {"run_id": run_id, "url": kubeflow.url(run_id), "name": submission.run_name, "state": "PENDING"}
    if not json:
        print(f"run {run_id}: {document['url']}", flush=True)
    if wait:
        try:
            ended = kubeflow.follow(run_id, _Screen(), timeout_s)
        except KeyboardInterrupt:
            print(f"the run goes on: {document['url']}", file=sys.stderr)
            raise
        document["state"] = ended.state
    if json:
        print_json(document)
    if wait:
        raise_for_end(kubeflow, run_id, ended)
        if not json:
            print("succeeded: the model is registered")


def schedule(
    dataset: Annotated[
        Path | None, typer.Argument(metavar="[DATASET]", help="Folder with a contract.yaml, or the contract itself.")
    ] = None,
    *,
    cron: Annotated[
        str | None, typer.Option("--cron", help="When: second, minute, hour, day, month, day of week; UTC as a rule.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the schedule. [default: the contract's name]")] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the schedules instead.")] = False,
    delete: Annotated[str | None, typer.Option("--delete", metavar="NAME", help="Delete this one instead.")] = None,
    endpoint: EndpointOption = None,
    image: ImageOption = None,
    data: DataOption = None,
    experiment: ExperimentOption = None,
    label: LabelOption = None,
    workers: WorkersOption = 2,
    trials: TrialsOption = None,
    cache: CacheOption = True,
    mlflow_uri: TrackingOption = TRACKING_URI,
    source_secret: SecretOption = None,
    service_account: AccountOption = None,
    json: JsonOption = False,
) -> None:
    """Train again and again on Kubeflow, at the times that a cron expression says.

    Saying the same again changes nothing; saying something else under the same name replaces the schedule.
    """
    from pipelines.cluster_run import Options, label_pairs, prepared, put_on_schedule, take_off_schedule
    from pipelines.cron import EXAMPLE, check_cron
    from pipelines.submit import Kubeflow
    from tenure.errors import InputError

    if sum([dataset is not None, list_them, delete is not None]) != 1:
        raise InputError("say one of: a DATASET with --cron, --list, --delete NAME")
    if list_them:
        _list(Kubeflow.connect(endpoint), json)
        return
    if delete is not None:
        count = take_off_schedule(Kubeflow.connect(endpoint), delete)
        print_json({"deleted": count}) if json else print(f"schedule '{delete}' deleted; its runs stay")
        return
    if cron is None:
        raise InputError(f'say when by --cron, as in --cron "{EXAMPLE}"')
    when = check_cron(cron)
    assert dataset is not None  # noqa: S101 one of three, and not the other two
    request = _request(dataset, data, trials)
    options = Options(
        image=_image(image),
        experiment=experiment,
        run_name=name or request.contract.name,
        labels=label_pairs(label or []),
        workers=workers,
        use_cache=cache,
        tracking_uri=mlflow_uri,
        source_secret=source_secret,
        service_account=service_account,
    )
    said: list[str] = []
    with prepared(request, options) as submission:
        kubeflow = Kubeflow.connect(endpoint)
        kept = put_on_schedule(kubeflow, submission, when, said.append)
    if json:
        print_json({"id": kept.id, "name": kept.name, "cron": kept.cron, "outcome": said[0]})
    else:
        print(f"schedule '{kept.name}' {said[0]}: {kept.cron}")


class _Screen:
    """A line on standard error for each step that changes its state."""

    def __init__(self) -> None:
        self._before: RunState | None = None

    def __call__(self, now: RunState) -> None:
        from pipelines.run_states import changes

        for task in changes(self._before, now):
            message = f": {task.message}" if task.message else ""
            print(f"{task.step:<14} {task.state.lower()}{message}", file=sys.stderr, flush=True)
        self._before = now


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


def _request(dataset: Path, data: str | None, trials: int | None) -> Request:
    from pipelines.request import read_request

    return read_request(dataset, data, trials=trials)


def _image(image: str | None) -> str:
    from tenure.errors import InputError

    if image is None:
        raise InputError("say which image the steps run in by --image, with a tag made of its content")
    return image
