"""A run on a cluster: prepares its submission and interprets its end."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from components.spec import Secret
from pipelines.cluster.kubeflow import Kubeflow
from pipelines.cluster.kubernetes_names import check_dns_label, check_image, check_object_name
from pipelines.cluster.run_bodies import Submission
from pipelines.cluster.run_states import ALERTED, NOT_BLESSED, REGISTERED, RunState
from pipelines.cluster.workflow import Workflow, logged_error, logged_verdict
from pipelines.graphs.names import Pipeline
from pipelines.graphs.request import Request
from pipelines.graphs.settings import NAMESPACE, TRACKING_URI, Settings, cluster
from tenure.contract.sources import message_prefix, sources_of
from tenure.errors import InputError, TenureError, VerdictError
from tenure.sources.address import SCHEME, VARIABLE

OUTCOME_STEPS: Mapping[Pipeline, frozenset[str]] = MappingProxyType(
    {
        Pipeline.TRAINING: frozenset({REGISTERED, NOT_BLESSED}),
        Pipeline.SCORING: frozenset(),
        Pipeline.MONITORING: frozenset({ALERTED}),
    }
)
"""Steps whose success tells the outcome of a run that succeeded."""
STORE_VARIABLES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"})
"""Variables that the steps get from the Secret tenure-object-store."""


@dataclass(frozen=True)
class Options:
    """Options of a run on a cluster, from the command line."""

    image: str
    pipeline: Pipeline = Pipeline.TRAINING
    reference: str = ""
    """Monitoring only: address of a reference table, from before any drift."""
    log: str = ""
    """Monitoring only: address of a prediction log, read in place of the table."""
    experiment: str | None = None
    """Experiment in Kubeflow; the contract's name if None."""
    run_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    workers: int = 2
    override: str = ""
    use_cache: bool = True
    tracking_uri: str = TRACKING_URI
    source_secret: str | None = None
    """Kubernetes Secret with a key for each variable in the source's address."""
    service_account: str | None = None
    deploy: str | None = None
    """Training only: InferenceService on which the registered version starts as a canary."""
    deploy_namespace: str | None = None
    """Namespace of the service; that of k8s/base if None."""
    rollout_image: str | None = None
    """Image of the deploy step."""


@contextlib.contextmanager
def prepared(request: Request, options: Options) -> Iterator[Submission]:
    """The submission of a run. Its compiled graph is in a temporary folder that exists until the block ends.

    Raises:
        InputError: an image has no tag of its own, a name of an image, a Secret, a service account, a service or its
            namespace is invalid, or the cluster cannot read the data.
    """
    from pipelines.graphs.compilation import COMPILERS

    settings = _settings(request, options)
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="tenure-submit-") as folder:
        package = Path(folder) / f"{options.pipeline.value}.yaml"
        COMPILERS[options.pipeline.value](settings, package)
        yield Submission(
            package=package,
            arguments={"contract": request.text, **_arguments(options)},
            experiment=options.experiment or request.contract.name,
            run_name=options.run_name or f"{default_name(request, options.pipeline)} {now:%Y-%m-%d %H:%M:%S}",
            service_account=options.service_account,
        )


def default_name(request: Request, pipeline: Pipeline) -> str:
    """Default name of a run or schedule: ``crm``, ``crm-scoring``."""
    name = request.contract.name
    return name if pipeline is Pipeline.TRAINING else f"{name}-{pipeline.value}"


def raise_for_end(kubeflow: Kubeflow, run_id: str, ended: RunState, pipeline: Pipeline) -> None:
    """
    Raises:
        VerdictError: the run succeeded, but its model was not registered, or monitoring asks to retrain.
        TenureError: the run failed or was stopped; the message names the step and its error.
    """
    url = kubeflow.url(run_id)
    if ended.state == "SUCCEEDED":
        done, workflow = ended.succeeded, None
        if OUTCOME_STEPS[pipeline] and not done & OUTCOME_STEPS[pipeline]:
            # Above 1 MB Argo compresses a workflow's nodes, and Kubeflow no longer updates its list of tasks.
            workflow = kubeflow.workflow(run_id)
            done |= workflow.succeeded if workflow else set()
        if pipeline is Pipeline.MONITORING and ALERTED in done:
            raise VerdictError(f"retrain: the data has drifted from the model's training data; {url}")
        if pipeline is not Pipeline.TRAINING or REGISTERED in done:
            return
        if NOT_BLESSED in done:
            reason = _verdict_reason(kubeflow, run_id, workflow or kubeflow.workflow(run_id))
            raise VerdictError(
                f"the model was not blessed{f': {reason}' if reason else ''}; the report is on the run's page: {url}"
            )
        raise TenureError(f"the run succeeded, but Kubeflow lists no step that registered its model: {url}")
    failure = _failure(kubeflow, run_id)
    if failure is not None:
        raise TenureError(f"{failure}; {url}")
    failed = ended.failed_task
    if failed is not None:
        raise TenureError(f"step {failed.step} failed: {failed.message or 'its log contains the reason'}; {url}")
    message = f": {ended.message}" if ended.message else ""
    raise TenureError(f"the run ended as {ended.state.lower()}{message}; {url}")


def _failure(kubeflow: Kubeflow, run_id: str) -> str | None:
    """The step that failed, with its error or the command that shows its log; None if no failed pod is known."""
    workflow = kubeflow.workflow(run_id)
    failed = None if workflow is None else workflow.failed
    if workflow is None or failed is None:
        return None
    error = logged_error(kubeflow.log(run_id, failed.name))
    if error is not None:
        return f"{failed.label} failed: {error}"
    # Killed, for example at its memory limit, or never started.
    logs = f"kubectl --namespace {workflow.namespace} logs {failed.name} --container main"
    return f"{failed.label} failed: {failed.message or 'no message'}; its log: {logs}"


def _verdict_reason(kubeflow: Kubeflow, run_id: str, workflow: Workflow | None) -> str | None:
    """The reason in the log of the step that tracked the run; None if its pod is deleted."""
    pods = () if workflow is None else workflow.pods
    tracked = [pod for pod in pods if pod.step == NOT_BLESSED and pod.phase == "Succeeded" and not pod.is_driver]
    return logged_verdict(kubeflow.log(run_id, tracked[0].name)) if tracked else None


def _arguments(options: Options) -> dict[str, Any]:
    """Arguments of the pipeline besides the contract."""
    if options.pipeline is Pipeline.TRAINING:
        return {
            "workers": list(range(options.workers)),
            "workers_count": options.workers,
            "override": options.override,
            "service": options.deploy or "",
            "namespace": options.deploy_namespace or NAMESPACE,
        }
    return {"reference": options.reference, "log": options.log} if options.pipeline is Pipeline.MONITORING else {}


def _settings(request: Request, options: Options) -> Settings:
    for flag, image in (("--image", options.image), ("--rollout-image", options.rollout_image)):
        if image is not None:
            check_image(flag, image)
    for flag, name in (("--source-secret", options.source_secret), ("--service-account", options.service_account)):
        if name is not None:
            check_object_name(flag, name)
    for flag, name in (("--deploy", options.deploy), ("--deploy-namespace", options.deploy_namespace)):
        if name is not None:
            check_dns_label(flag, name)
    variables = _variables(request, options.log)
    secret = None
    if variables:
        if options.source_secret is None:
            raise InputError(
                f"the data's address uses {', '.join(sorted(variables))}, which the cluster's steps do not have: "
                "name a Secret with a key for each by --source-secret"
            )
        secret = Secret(options.source_secret, {name: name for name in sorted(variables)})
    try:
        return cluster(
            options.image,
            rollout_image=options.rollout_image,
            tracking_uri=options.tracking_uri,
            labels=options.labels,
            source_secret=secret,
            use_cache=options.use_cache,
        )
    except ValueError as error:
        raise InputError(str(error)) from None


def _variables(request: Request, log: str) -> set[str]:
    """The environment variables that the addresses of the data use.

    Args:
        request: the dataset.
        log: address of a prediction log, with which no table is read; empty without one.

    Raises:
        InputError: the cluster cannot read the data.
    """
    if log:
        scheme = SCHEME.match(log)
        if scheme is None or scheme[1] == "file":
            raise InputError(
                f"the prediction log is at {log}, a path of this machine, which a cluster cannot read: "
                "give the address that the servers write to, such as s3://BUCKET/FOLDER"
            )
        return set(VARIABLE.findall(log)) - STORE_VARIABLES
    found: set[str] = set()
    for name, source in sources_of(request.contract).items():
        uri = source.uri or ""
        scheme = SCHEME.match(uri)
        if not uri.startswith("${") and (scheme is None or scheme[1].startswith("sqlite")):
            prefix = message_prefix(request.contract, name)
            raise InputError(
                f"{prefix}the data is at {uri}, a path of this machine, which a cluster cannot read: copy it to an "
                "object store or a database and give its address by --data, or let submit copy it by "
                "--data-store s3://BUCKET/FOLDER"
            )
        found |= set(VARIABLE.findall(uri)) - STORE_VARIABLES
    return found
