"""Compiles the graphs to files for a cluster."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.graphs.settings import Settings

if TYPE_CHECKING:
    from kfp.dsl.base_component import BaseComponent


def compile_training(settings: Settings, output: Path) -> None:
    """Write the compiled training pipeline to ``output``, atomically.

    Raises:
        OSError: the file cannot be written.
    """
    if settings.pods is None:
        from pipelines.graphs.training import training_pipeline as graph
    else:
        from pipelines.graphs.cluster_training import cluster_training_pipeline as graph

    _compile(graph, settings, output)


def compile_scoring(settings: Settings, output: Path) -> None:
    """Write the scoring pipeline, likewise."""
    from pipelines.graphs.scoring import scoring_pipeline

    _compile(scoring_pipeline, settings, output)


def compile_monitoring(settings: Settings, output: Path) -> None:
    """Write the monitoring pipeline, likewise."""
    from pipelines.graphs.monitoring import monitoring_pipeline

    _compile(monitoring_pipeline, settings, output)


COMPILERS: dict[str, Callable[[Settings, Path], None]] = {
    "training": compile_training,
    "scoring": compile_scoring,
    "monitoring": compile_monitoring,
}
"""Name of a pipeline to its compiler."""


def _compile(graph: Callable[[Settings], BaseComponent], settings: Settings, output: Path) -> None:
    from kfp import compiler

    output.parent.mkdir(parents=True, exist_ok=True)
    # The compiler derives the format from the file's suffix.
    temporary = output.with_name(f".{os.getpid()}.{output.name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiler.Compiler().compile(graph(settings), str(temporary))
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
