"""A run on a cluster, from the request to its end."""

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
from pipelines.cluster.kubernetes_names import check_dns_label, check_image, check_object_name
from pipelines.cluster.run_bodies import Submission
from pipelines.cluster.run_states import ALERTED, NOT_BLESSED, REGISTERED, RunState
from pipelines.cluster.submit import Kubeflow
from pipelines.cluster.workflow import Workflow, told_error, told_verdict
from pipelines.graphs.names import Pipeline
from pipelines.graphs.request import Request
from pipelines.graphs.settings import NAMESPACE, TRACKING_URI, Settings, cluster
from tenure.errors import InputError, TenureError, VerdictError
from tenure.sources.address import SCHEME, VARIABLE

TELLING: Mapping[Pipeline, frozenset[str]] = MappingProxyType(
    {
        Pipeline.TRAINING: frozenset({REGISTERED, NOT_BLESSED}),
        Pipeline.SCORING: frozenset(),
        Pipeline.MONITORING: frozenset({ALERTED}),
    }
)
"""Steps by which a run that succeeded tells what it has come to."""
STORE_VARIABLES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"})
"""The steps have these from the Secret tenure-object-store."""


@dataclass(frozen=True)
class Options:
    """What the command line says about a run on a cluster."""

    image: str
    pipeline: Pipeline = Pipeline.TRAINING
    reference: str = ""
    """Of monitoring: address of a table from a time when all was well."""
    log: str = ""
    """Of monitoring: address of a prediction log, read in place of the table."""
    experiment: str | None = None
    """The contract's name without it."""
    run_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    workers: int = 2
    override: str = ""
    use_cache: bool = True
    tracking_uri: str = TRACKING_URI
    source_secret: str | None = None
    """Kubernetes Secret with a key for each variable that the source's address names."""
    service_account: str | None = None
    deploy: str | None = None
    """Training only: InferenceService on which the registered version starts as a canary."""
    deploy_namespace: str | None = None
    """Namespace of the service; that of k8s/base if None."""
    rollout_image: str | None = None
    """Image of the deploy step."""


@contextlib.contextmanager
def prepared(request: Request, options: Options) -> Iterator[Submission]:
    """The run to create; its compiled graph lies in a temporary folder until the block ends.

    Raises:
        InputError: the image has no tag of its own, Kubernetes takes no such name of an image, a Secret, a service
            account, a service or its namespace, or the data lies where a cluster cannot read it.
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
            run_name=options.run_name or f"{name_of(request, options.pipeline)} {now:%Y-%m-%d %H:%M:%S}",
            service_account=options.service_account,
        )


def name_of(request: Request, pipeline: Pipeline) -> str:
    """What runs and schedules are called by default: ``crm``, ``crm-scoring``."""
    name = request.contract.name
    return name if pipeline is Pipeline.TRAINING else f"{name}-{pipeline.value}"


def raise_for_end(kubeflow: Kubeflow, run_id: str, ended: RunState, pipeline: Pipeline) -> None:
    """
    Raises:
        VerdictError: the run worked, and its model was not registered, or today's customers are not those of then.
        TenureError: the run failed or was stopped; with the step that did, and what it said.
    """
    url = kubeflow.url(run_id)
    if ended.state == "SUCCEEDED":
        done, workflow = ended.succeeded, None
        if TELLING[pipeline] and not done & TELLING[pipeline]:
            # Past 1 MB Argo packs a workflow's nodes, and Kubeflow's list of tasks stays as it was before.
            workflow = kubeflow.workflow(run_id)
            done |= workflow.succeeded if workflow else set()
        if pipeline is Pipeline.MONITORING and ALERTED in done:
            raise VerdictError(f"train anew: today's customers are not those that the model learnt from; {url}")
        if pipeline is not Pipeline.TRAINING or REGISTERED in done:
            return
        if NOT_BLESSED in done:
            told = _why_not_blessed(kubeflow, run_id, workflow or kubeflow.workflow(run_id))
            raise VerdictError(
                f"the model was not blessed{f': {told}' if told else ''}; the report is on the run's page: {url}"
            )
        raise TenureError(f"the run succeeded, but Kubeflow lists no step that registered its model: {url}")
    why = _why_failed(kubeflow, run_id)
    if why is not None:
        raise TenureError(f"{why}; {url}")
    failed = ended.failed_task
    if failed is not None:
        raise TenureError(f"step {failed.step} failed: {failed.message or 'its log says why'}; {url}")
    said = f": {ended.message}" if ended.message else ""
    raise TenureError(f"the run ended as {ended.state.lower()}{said}; {url}")


def _why_failed(kubeflow: Kubeflow, run_id: str) -> str | None:
    """The step that failed and what it said, or how to ask it; None where Kubeflow tells of no failed pod."""
    workflow = kubeflow.workflow(run_id)
    failed = None if workflow is None else workflow.failed
    if workflow is None or failed is None:
        return None
    told = told_error(kubeflow.log(run_id, failed.name))
    if told is not None:
        return f"{failed.what} failed: {told}"
    # Ended from outside, such as by its memory limit, or before it began.
    logs = f"kubectl --namespace {workflow.namespace} logs {failed.name} --container main"
    return f"{failed.what} failed: {failed.message or 'it said nothing'}; its log: {logs}"


def _why_not_blessed(kubeflow: Kubeflow, run_id: str, workflow: Workflow | None) -> str | None:
    """What the step that tracked the run said; None where its pod is gone."""
    pods = () if workflow is None else workflow.pods
    tracked = [pod for pod in pods if pod.step == NOT_BLESSED and pod.phase == "Succeeded" and not pod.is_driver]
    return told_verdict(kubeflow.log(run_id, tracked[0].name)) if tracked else None


def _arguments(options: Options) -> dict[str, Any]:
    """Of the pipeline, besides the contract."""
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
    # Where a log is read, the table is not.
    uri = options.log or request.contract.source.uri or ""
    scheme = SCHEME.match(uri)
    if options.log and (scheme is None or scheme[1] == "file"):
        raise InputError(
            f"the prediction log is at {options.log}, a path of this machine, which a cluster cannot read: "
            "give the address that the servers write to, as s3://BUCKET/FOLDER"
        )
    if not uri.startswith("${") and (scheme is None or scheme[1].startswith("sqlite")):
        raise InputError(
            f"the data is at {request.shown_source}, a path of this machine, which a cluster cannot read: "
            "copy it to an object store or a database and give its address by --data, or let submit copy it by "
            "--data-store s3://BUCKET/FOLDER"
        )
    variables = set(VARIABLE.findall(uri)) - STORE_VARIABLES
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
