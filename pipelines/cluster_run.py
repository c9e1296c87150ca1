"""A run on a cluster, from the request to its end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.fingerprint import code_version
from pipelines.request import Request
from pipelines.run_states import NOT_BLESSED, REGISTERED, RunState
from pipelines.settings import TRACKING_URI, Secret, Settings, cluster
from pipelines.submit import Kubeflow, Schedule, Submission
from tenure.errors import InputError, TenureError, VerdictError
from tenure.sources.address import SCHEME, VARIABLE

LABEL = re.compile(r"(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
LABEL_PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
STORE_VARIABLES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"})
"""The steps have these from the Secret tenure-object-store."""


@dataclass(frozen=True)
class Options:
    """What the command line says about a run on a cluster."""

    image: str
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


@contextlib.contextmanager
def prepared(request: Request, options: Options) -> Iterator[Submission]:
    """The run to create; its compiled graph lies in a temporary folder until the block ends.

    Raises:
        InputError: the image has no tag of its own, a label is none to Kubernetes, or the data lies where a cluster
            cannot read it.
    """
    from pipelines.compilation import compile_training

    settings = _settings(request, options)
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="tenure-submit-") as folder:
        package = Path(folder) / "training.yaml"
        compile_training(settings, package)
        yield Submission(
            package=package,
            arguments={
                "contract": request.text,
                "workers": list(range(options.workers)),
                "workers_count": options.workers,
                "override": options.override,
                "code_version": code_version(),
            },
            experiment=options.experiment or request.contract.name,
            run_name=options.run_name or f"{request.contract.name} {now:%Y-%m-%d %H:%M:%S}",
            service_account=options.service_account,
        )


def label_pairs(texts: list[str]) -> dict[str, str]:
    """``team=crm`` as a Kubernetes label.

    Raises:
        InputError: Kubernetes takes no such label.
    """
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        prefix, slash, name = key.rpartition("/")
        well_formed = LABEL.fullmatch(name) and (not slash or LABEL_PREFIX.fullmatch(prefix))
        if not equals or not well_formed or (value and not LABEL.fullmatch(value)):
            raise InputError(f"'{text}' is no Kubernetes label: key=value of letters, digits, '.', '_' and '-'")
        pairs[key] = value
    return pairs


def raise_for_end(kubeflow: Kubeflow, run_id: str, ended: RunState) -> None:
    """
    Raises:
        VerdictError: the run worked, and its model was not registered.
        TenureError: the run failed or was stopped; with the step that did, and what it said.
    """
    url = kubeflow.url(run_id)
    if ended.state == "SUCCEEDED":
        if ended.succeeded(REGISTERED):
            return
        if ended.succeeded(NOT_BLESSED):
            raise VerdictError(f"the model was not blessed; the report is on the run's page: {url}")
        raise TenureError(f"the run succeeded, but Kubeflow lists no step that registered its model: {url}")
    failed = ended.failed_task
    if failed is not None:
        said = failed.message or "its log says why"
        raise TenureError(f"step {failed.step} failed: {said}; {url}")
    said = f": {ended.message}" if ended.message else ""
    raise TenureError(f"the run ended as {ended.state.lower()}{said}; {url}")


def put_on_schedule(kubeflow: Kubeflow, submission: Submission, cron: str, tell: Callable[[str], None]) -> Schedule:
    """Make the recurring run of this name what ``submission`` says, and no other of the name be.

    The new one is made before an old one is deleted: no time is missed. One that is the same already stays.
    """
    description = f"tenure {_digest(submission, cron)}"
    named = [found for found in kubeflow.schedules(submission.experiment) if found.name == submission.run_name]
    same = [found for found in named if found.description == description and found.enabled]
    if same:
        kept = same[0]
        tell("unchanged")
    else:
        kept = kubeflow.schedule(submission, cron, description)
        tell("replaced" if named else "created")
    for old in named:
        if old.id != kept.id:
            kubeflow.unschedule(old)
    return kept


def take_off_schedule(kubeflow: Kubeflow, name: str) -> int:
    """Delete every recurring run of the name; how many those were.

    Raises:
        InputError: there is none.
    """
    named = [found for found in kubeflow.schedules() if found.name == name]
    if not named:
        raise InputError(f"no schedule '{name}' in Kubeflow Pipelines at {kubeflow.shown}")
    for found in named:
        kubeflow.unschedule(found)
    return len(named)


def _settings(request: Request, options: Options) -> Settings:
    uri = request.contract.source.uri or ""
    scheme = SCHEME.match(uri)
    if not uri.startswith("${") and (scheme is None or scheme[1].startswith("sqlite")):
        raise InputError(
            f"the data is at {request.shown_source}, a path of this machine, which a cluster cannot read: "
            "copy it to an object store or a database, and give its address by --data or in the contract"
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
            tracking_uri=options.tracking_uri,
            labels=options.labels,
            source_secret=secret,
            use_cache=options.use_cache,
        )
    except ValueError as error:
        raise InputError(str(error)) from None


def _digest(submission: Submission, cron: str) -> str:
    """Of all that a schedule's runs depend on."""
    total = hashlib.sha256(submission.package.read_bytes())
    rest = [dict(submission.arguments), cron, submission.service_account]
    total.update(json.dumps(rest, sort_keys=True).encode())
    return total.hexdigest()[:16]
