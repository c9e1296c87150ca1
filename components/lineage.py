"""What an artifact is made of, as its metadata: which data, contract, code and model. The one place that writes it.

Kubeflow shows it on the artifact's page, and lists artifacts by it. A step cache that compares an input's metadata, as
the local one does, must find the same for the same work: nothing in it may tell when something was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from components.image import code_version
from tenure.contract import contract_hash, parse

INHERITED = ("data_hash",)
"""Of what a step was given, and so of what it made."""


class Artifact(Protocol):
    """What is needed of a kfp artifact."""

    metadata: dict[str, Any]


def trace(outputs: Sequence[Artifact], *, contract: str, inputs: Sequence[Artifact] = (), **known: Any) -> None:
    """Say in the metadata of ``outputs`` what they are made of; what is there already stays.

    Not for artifacts of the types Metrics and ClassificationMetrics: their metadata is what is drawn of them.

    Args:
        outputs: of a step.
        contract: the contract, YAML text.
        inputs: what the step was given; the data they came from is the data that ``outputs`` come from.
        known: what the step alone knows, such as the version of a bundle; it goes before what is said here. None and
            empty texts are left out: Kubeflow's store takes no null.
    """
    made_of: dict[str, Any] = {"contract_hash": contract_hash(parse(contract))}
    for artifact in inputs:
        made_of |= {name: artifact.metadata[name] for name in INHERITED if name in artifact.metadata}
    made_of["code_version"] = code_version("")
    made_of |= {name: value for name, value in known.items() if value is not None}
    said = {name: value for name, value in made_of.items() if value != ""}
    for artifact in outputs:
        artifact.metadata.update({**said, **artifact.metadata})
