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


@dataclass(frozen=True)
class Settings:
    """What the graph needs to know about the place it runs in."""

    image: str
    """The step image with a tag made of its content: under a tag that moves, a step cache returns old results."""
    resources: Mapping[str, Resources] = field(default_factory=lambda: MappingProxyType({}))
    """Step name to resources; kfp.local has no use for them."""
    retries: int = 0
    """How often a task is tried again: a node may go away, a laptop's process fails for a reason."""


CLUSTER_RESOURCES: Mapping[str, Resources] = MappingProxyType(
    {
        "champion": Resources("500m", "1Gi"),
        "ingest": Resources("1", "1Gi"),
        "validate": Resources("1", "2Gi"),
        "feature": Resources("1", "2Gi"),
        "tune": Resources("2", "4Gi"),
        "train": Resources("2", "4Gi"),
        "evaluate": Resources("1", "2Gi"),
        "check_serving": Resources("1", "2Gi"),
        "register": Resources("500m", "1Gi"),
        "track": Resources("500m", "1Gi"),
    }
)


def local(code_hash: str) -> Settings:
    """Steps as processes of this environment; the image is only a name that changes with the code."""
    return Settings(image=f"{IMAGE}:{code_hash}")


def cluster(image: str) -> Settings:
    """Steps as pods of ``image``.

    Raises:
        ValueError: if the image has no tag or digest of its own, or the tag ``latest``.
    """
    name = image.rpartition("/")[2]
    _, separator, tag = name.partition("@") if "@" in name else name.partition(":")
    if not separator or not tag or tag == "latest":
        raise ValueError(f"the image needs a tag made of its content, such as a git commit, or a digest: '{image}'")
    return Settings(image=image, resources=CLUSTER_RESOURCES, retries=2)
