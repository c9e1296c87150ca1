"""Where a pipeline runs: all in which a laptop and a cluster differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from components.image import IMAGE


class Resources(NamedTuple):
    """What a step asks of a node: cores, and memory in Kubernetes units. The limit is the request."""

    cpu: str
    memory: str


class Secret(NamedTuple):
    """Keys of a Kubernetes Secret as environment variables; k8s/secrets.yaml says what is in it."""

    name: str
    variables: Mapping[str, str]
    """Key to the variable's name."""
    optional: bool = False
    """The pod starts without it."""


@dataclass(frozen=True)
class Pods:
    """What steps need as pods. They run as the image's numeric user, never as root."""

    timeouts_s: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Step name to how long its pod may live."""
    secrets: Mapping[str, tuple[Secret, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Step name to what it takes from Secrets."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of every step."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of every step's pod."""


@dataclass(frozen=True)
class Settings:
    """What the graph needs to know about the place it runs in."""

    image: str
    """The step image with a tag made of its content: under a tag that moves, a step cache returns old results."""
    resources: Mapping[str, Resources] = field(default_factory=lambda: MappingProxyType({}))
    """Step name to resources; kfp.local has no use for them."""
    retries: int = 0
    """How often a task is tried again whose node went away; a process that failed did so for a reason."""
    use_cache: bool = True
    """Whether any step may come from earlier runs; kfp's own switch at submission reaches the outermost tasks alone."""
    pods: Pods | None = None
    """Where steps are pods: what Kubernetes has to know about them."""


CLUSTER_RESOURCES: Mapping[str, Resources] = MappingProxyType(
    {
        "observe": Resources("500m", "1Gi"),
        "champion": Resources("500m", "1Gi"),
        "ingest": Resources("1", "1Gi"),
        "validate": Resources("1", "2Gi"),
        "check_drift": Resources("1", "2Gi"),
        "feature": Resources("1", "2Gi"),
        "tune": Resources("2", "4Gi"),
        "train": Resources("2", "4Gi"),
        "evaluate": Resources("1", "2Gi"),
        "check_serving": Resources("1", "2Gi"),
        "register": Resources("500m", "1Gi"),
        "track": Resources("500m", "1Gi"),
        "deploy": Resources("500m", "512Mi"),
        "notify": Resources("100m", "256Mi"),
        "alert": Resources("100m", "256Mi"),
        "score": Resources("2", "2Gi"),
        "monitor": Resources("1", "4Gi"),
    }
)

CLUSTER_TIMEOUTS_S: Mapping[str, int] = MappingProxyType(
    {
        "observe": 600,
        "champion": 600,
        "ingest": 2 * 3600,
        "validate": 3600,
        "check_drift": 3600,
        "feature": 3600,
        "tune": 6 * 3600,
        "train": 2 * 3600,
        "evaluate": 3600,
        "check_serving": 1800,
        "register": 1800,
        "track": 1800,
        "deploy": 900,
        "notify": 300,
        "alert": 300,
        "score": 6 * 3600,
        "monitor": 2 * 3600,
    }
)

NAMESPACE = "tenure"
"""Of the InferenceService of k8s/base."""

TRACKING_URI = "http://mlflow.tenure-platform.svc:5000"
"""MLflow of k8s/base, for clusters whose Kubeflow does not hand one to the steps."""

MLFLOW_PATIENCE: Mapping[str, str] = MappingProxyType(
    {
        "TENURE_TRACKING_PATIENCE_S": "300",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "6",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "2",
    }
)
"""MLflow may be away for some minutes, or answer without its database (2 + 4 + … + 64 s): Kubeflow Pipelines 2.17.0 has
Argo try a step again that lost its pod, and none that failed (``retryPolicy: OnError``)."""

STUDIES_VARIABLE = "TENURE_STUDIES"
STUDIES = f"${{{STUDIES_VARIABLE}}}"
"""Where the search keeps its studies: the step reads the address, which holds a password, from its environment."""

_STORE = (
    Secret(
        "tenure-object-store",
        MappingProxyType({name: name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}),
        optional=True,
    ),
    Secret("tenure-object-store", MappingProxyType({"AWS_ENDPOINT_URL": "AWS_ENDPOINT_URL"}), optional=True),
)

_ALERTS = Secret("tenure-alerts", MappingProxyType({"webhook": "TENURE_ALERT_WEBHOOK"}), optional=True)

CLUSTER_SECRETS: Mapping[str, tuple[Secret, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("observe", "champion", "ingest", "register", "track", "score", "monitor"), _STORE),
        "tune": (Secret("tenure-study-database", MappingProxyType({"uri": STUDIES_VARIABLE})),),
        "notify": (_ALERTS,),
        "alert": (_ALERTS,),
    }
)


def local(code_hash: str) -> Settings:
    """Steps as processes of this environment; the image is only a name that changes with the code."""
    return Settings(image=f"{IMAGE}:{code_hash}")


def cluster(
    image: str,
    *,
    tracking_uri: str = TRACKING_URI,
    labels: Mapping[str, str] | None = None,
    source_secret: Secret | None = None,
    use_cache: bool = True,
) -> Settings:
    """Steps as pods of ``image``.

    Args:
        image: with a tag made of its content, or a digest.
        tracking_uri: of MLflow, where Kubeflow hands none to the steps.
        labels: of the pods.
        source_secret: what the address of the data needs besides the object store's keys.
        use_cache: whether steps may be taken from earlier runs.

    Raises:
        ValueError: if the image has no tag or digest of its own, or the tag ``latest``.
    """
    name = image.rpartition("/")[2]
    _, separator, tag = name.partition("@") if "@" in name else name.partition(":")
    if not separator or not tag or tag == "latest":
        raise ValueError(f"the image needs a tag made of its content, such as a git commit, or a digest: '{image}'")
    secrets = dict(CLUSTER_SECRETS)
    if source_secret is not None:
        for step in ("observe", "ingest", "score", "monitor"):
            secrets[step] = (*secrets[step], source_secret)
    pods = Pods(
        timeouts_s=CLUSTER_TIMEOUTS_S,
        secrets=MappingProxyType(secrets),
        environment=MappingProxyType({"TENURE_TRACKING_URI": tracking_uri, **MLFLOW_PATIENCE}),
        labels=MappingProxyType(dict(labels or {})),
    )
    return Settings(image=image, resources=CLUSTER_RESOURCES, retries=2, use_cache=use_cache, pods=pods)
