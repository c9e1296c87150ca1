"""Settings of the place a pipeline runs in: everything in which a laptop and a cluster differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from components.image import IMAGE
from components.spec import Secret


@dataclass(frozen=True)
class Pods:
    """What all steps have in common as pods. They run as the image's numeric user, never as root."""

    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source_secret: Secret | None = None
    """Secret of the steps that read the contract's source; None if its address needs no credentials."""


@dataclass(frozen=True)
class Settings:
    """Settings of one place, for all graphs."""

    image: str
    """Image of the steps. Its tag depends on its content: under a mutable tag a step cache returns stale results."""
    rollout_image: str | None = None
    """Image of the deploy step; None leaves it unset, for graphs that deploy nothing."""
    retries: int = 0
    """Number of retries of a step whose pod was lost; a step whose process failed is not retried."""
    use_cache: bool = True
    """Whether steps may be cached at all; kfp's own option at submission affects only the outermost tasks."""
    pods: Pods | None = None
    """Settings of the pods on a cluster; None on a laptop, where steps are processes."""


NAMESPACE = "tenure"
"""Namespace of the InferenceService in k8s/base."""

TRACKING_URI = "http://mlflow.tenure-platform.svc:5000"
"""MLflow of k8s/base, for clusters whose Kubeflow does not set an address in the steps."""

MLFLOW_PATIENCE: Mapping[str, str] = MappingProxyType(
    {
        "TENURE_TRACKING_PATIENCE_S": "300",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "6",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "2",
    }
)
"""Steps wait some minutes for MLflow, and for its database (2 + 4 + … + 64 s): Kubeflow Pipelines 2.17.0 has Argo retry
a step that lost its pod, but not one that failed (``retryPolicy: OnError``)."""


def local(code_hash: str) -> Settings:
    """Steps as processes of this environment; the image is only a name that changes with the code."""
    return Settings(image=f"{IMAGE}:{code_hash}")


def cluster(
    image: str,
    *,
    rollout_image: str | None = None,
    tracking_uri: str = TRACKING_URI,
    labels: Mapping[str, str] | None = None,
    source_secret: Secret | None = None,
    use_cache: bool = True,
) -> Settings:
    """Steps as pods of ``image``.

    Args:
        image: with a tag that depends on its content, or a digest.
        rollout_image: image of the deploy step, likewise.
        tracking_uri: address of MLflow, for clusters whose Kubeflow does not set one in the steps.
        labels: labels of the pods.
        source_secret: credentials that the address of the data needs besides the object store's.
        use_cache: whether steps may be taken from earlier runs.

    Raises:
        ValueError: an image has no tag or digest, or the tag ``latest``.
    """
    for reference in (image, rollout_image):
        if reference is not None:
            _check_tag(reference)
    pods = Pods(
        environment=MappingProxyType({"TENURE_TRACKING_URI": tracking_uri, **MLFLOW_PATIENCE}),
        labels=MappingProxyType(dict(labels or {})),
        source_secret=source_secret,
    )
    return Settings(image=image, rollout_image=rollout_image, retries=2, use_cache=use_cache, pods=pods)


def _check_tag(image: str) -> None:
    """
    Raises:
        ValueError: the image has no tag or digest, or the tag ``latest``.
    """
    name = image.rpartition("/")[2]
    _, separator, tag = name.partition("@") if "@" in name else name.partition(":")
    if not separator or not tag or tag == "latest":
        raise ValueError(f"the image needs a tag made of its content, such as a git commit, or a digest: '{image}'")
