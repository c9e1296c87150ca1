"""``tenure submit``: run a pipeline on Kubeflow once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.cluster_options import ClusterOptions, other_pipeline, with_cluster_options
from pipelines.commands.options import JsonOption, command, print_json
from pipelines.commands.run_options import DATASET_HELP, OverrideOption
from pipelines.graphs.names import ENDINGS, Pipeline

if TYPE_CHECKING:
    from pipelines.cluster.run_states import RunState

DataStoreOption = Annotated[
    str | None,
    typer.Option(
        "--data-store",
        envvar="TENURE_DATA_STORE",
        help="Folder of an object store, such as s3://tenure-data/datasets, to copy a table of this machine to.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    command(
        app,
        "submit",
        """
tenure submit datasets/crm --endpoint http://localhost:8888 --image registry.example.com/tenure-pipeline:4f2c1a9
tenure submit datasets/telco --data-store s3://tenure-data/datasets --image tenure-pipeline:4f2c1a9 --workers 8
tenure submit datasets/crm --data s3://bucket/crm.parquet --image tenure-pipeline:4f2c1a9 \\
  --deploy churn --rollout-image tenure-rollout:9d03b6e
tenure submit datasets/crm --pipeline scoring --data s3://bucket/today.parquet --image tenure-pipeline:4f2c1a9
tenure submit datasets/crm --pipeline monitoring --log s3://tenure-data/prediction-log --image tenure-pipeline:4f2c1a9
tenure submit datasets/crm --context production --data s3://bucket/crm.parquet --image tenure-pipeline:4f2c1a9
tenure submit datasets/crm --image tenure-pipeline:4f2c1a9 --label team=crm --no-wait --json | jq -r .run_id
""",
    )(with_cluster_options(submit))


def submit(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help=DATASET_HELP)],
    *,
    cluster: ClusterOptions,
    data_store: DataStoreOption = None,
    run_name: Annotated[str | None, typer.Option("--run-name", help="[default: the contract's name and now]")] = None,
    override: OverrideOption = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = True,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout-s", min=0.0, help="Stop following after this time; the run continues.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run a pipeline on Kubeflow, and follow it.

    The exit status is 7 if the model was not blessed, or if monitoring asks to retrain. Ctrl-C ends the command, not
    the run.
    """
    from pipelines.cluster.run import prepared, raise_for_end
    from pipelines.cluster.upload import plan_upload

    if override and cluster.pipeline is not Pipeline.TRAINING:
        raise other_pipeline("override", Pipeline.TRAINING, cluster.pipeline)
    cluster.check()
    options = cluster.run_options(run_name=run_name, override=override)
    request = cluster.request(dataset)
    upload = plan_upload(request, data_store) if data_store and not cluster.log else None
    with prepared(upload[0] if upload else request, options) as submission:
        kubeflow = cluster.connect()
        if upload is not None:
            upload[1].run(lambda line: print(line, file=sys.stderr, flush=True))
        run_id = kubeflow.create(submission)
    document = {"run_id": run_id, "url": kubeflow.url(run_id), "name": submission.run_name, "state": "PENDING"}
    if not json:
        print(f"run {run_id}: {document['url']}", flush=True)
    if wait:
        try:
            ended = kubeflow.follow(run_id, _Progress(), timeout_s)
        except KeyboardInterrupt:
            print(f"the run continues: {document['url']}", file=sys.stderr)
            raise
        document["state"] = ended.state
    if json:
        print_json(document)
    if wait:
        raise_for_end(kubeflow, run_id, ended, cluster.pipeline)
        if not json:
            print(f"succeeded: {ENDINGS[cluster.pipeline]}")


class _Progress:
    """Prints a line on standard error for each step whose state, or whose reason to wait, changed."""

    def __init__(self) -> None:
        self._last: RunState | None = None

    def __call__(self, state: RunState) -> None:
        from pipelines.cluster.run_states import changes

        for task in changes(self._last, state):
            message = f": {task.message}" if task.message else ""
            print(f"{task.step:<14} {task.state.lower()}{message}", file=sys.stderr, flush=True)
        known = {} if self._last is None else self._last.waiting
        for step, reason in state.waiting.items():
            if known.get(step) != reason:
                print(f"{step:<14} waits: {reason}", file=sys.stderr, flush=True)
        self._last = state
