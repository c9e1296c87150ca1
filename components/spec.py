"""How a step runs: one ``StepSpec`` a step, declared in ``components/<folder>/spec.py`` as ``STEPS``.

    STEPS = (StepSpec("ingest", order=10, resources=Resources("1", "1Gi"), timeout_s=7200, secrets=OBJECT_STORE),)

Graphs, the clients of a cluster and the display of a laptop's run read these declarations, so that a new step is one
folder and one line in a graph. A step's parameters are those of its component. Nothing here imports kfp.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

import components


class Resources(NamedTuple):
    """Resources of a step's pod: cores, and memory in Kubernetes units. The limit equals the request."""

    cpu: str
    memory: str


class Secret(NamedTuple):
    """Keys of a Kubernetes Secret as environment variables; k8s/secrets.yaml documents the Secrets."""

    name: str
    variables: Mapping[str, str]
    """Key to the variable's name."""
    optional: bool = False
    """Whether the pod starts without it."""


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    """Resources, limits, Secrets and policies of one step."""

    name: str
    """Name of the component's function in ``component.py``."""
    order: int | None = None
    """Position among the steps that a run on a laptop displays; None for a step that it does not display."""
    resources: Resources
    timeout_s: int
    """Lifetime of the step's pod."""
    secrets: tuple[Secret, ...] = ()
    reads_source: bool = False
    """Whether the step opens the contract's source, and so needs the Secret with the credentials of its address."""
    cached: bool = True
    """Whether the result may come from an earlier run with the same image, parameters and inputs."""
    in_rollout_image: bool = False
    """Whether the step runs in the image of the rollout instead of the pipeline's."""
    is_exit: bool = False
    """Whether the step runs after all others, even if one failed. Kubeflow does not retry such a step, and its failure
    does not explain the run's."""


OBJECT_STORE = (
    Secret(
        "tenure-object-store",
        MappingProxyType({name: name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}),
        optional=True,
    ),
    Secret("tenure-object-store", MappingProxyType({"AWS_ENDPOINT_URL": "AWS_ENDPOINT_URL"}), optional=True),
)
"""Credentials and endpoint of the object store, for steps that read data or models from it or write them to it."""

TRACKING = (
    Secret(
        "kfp-mlflow-credentials",
        MappingProxyType({name: name for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")}),
        optional=True,
    ),
)
"""Credentials of MLflow, for steps that read models from its registry or write to it."""


@functools.cache
def specs_by_folder() -> Mapping[str, tuple[StepSpec, ...]]:
    """The declared steps of every folder in ``components``."""
    folders = sorted(module.name for module in pkgutil.iter_modules(components.__path__) if module.ispkg)
    return MappingProxyType({folder: import_module(f"components.{folder}.spec").STEPS for folder in folders})


@functools.cache
def step_specs() -> Mapping[str, StepSpec]:
    """All declared steps by name."""
    return MappingProxyType({spec.name: spec for specs in specs_by_folder().values() for spec in specs})


@functools.cache
def displayed_steps() -> tuple[str, ...]:
    """Names of the steps that a run on a laptop displays, in their order."""
    ordered = [(spec.order, spec.name) for spec in step_specs().values() if spec.order is not None]
    return tuple(name for _, name in sorted(ordered))
