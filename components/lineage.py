"""Lineage of an artifact in its metadata: data, contract, code and model. All steps write it here.

Kubeflow shows it on the artifact's page, and filters artifacts by it. The local step cache compares the metadata of
inputs, so that the same work must give the same metadata: it must not contain a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from components.image import code_version
from tenure.contract import contract_hash, parse

INHERITED = ("data_hash",)
"""Metadata that outputs take over from inputs."""


class Artifact(Protocol):
    """The attributes of a kfp artifact that are used here."""

    metadata: dict[str, Any]


def trace(outputs: Sequence[Artifact], *, contract: str, inputs: Sequence[Artifact] = (), **known: Any) -> None:
    """Add the lineage to the metadata of ``outputs``; existing entries are kept.

    Not for artifacts of the types Metrics and ClassificationMetrics, whose metadata is displayed as a chart.

    Args:
        outputs: outputs of a step.
        contract: the contract, YAML text.
        inputs: inputs of the step, whose data hash the outputs inherit.
        known: entries from the step itself, such as the version of a bundle, which take precedence. None and empty
            texts are omitted, because Kubeflow's store rejects null.
    """
    lineage: dict[str, Any] = {"contract_hash": contract_hash(parse(contract))}
    for artifact in inputs:
        lineage |= {name: artifact.metadata[name] for name in INHERITED if name in artifact.metadata}
    lineage["code_version"] = code_version("")
    lineage |= {name: value for name, value in known.items() if value is not None}
    entries = {name: value for name, value in lineage.items() if value != ""}
    for artifact in outputs:
        artifact.metadata.update({**entries, **artifact.metadata})
