"""The graph as a file for a cluster."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from pipelines.settings import Settings


def compile_training(settings: Settings, output: Path) -> None:
    """Write the compiled training pipeline to ``output``, whole or not at all.

    Raises:
        OSError: if it cannot be written.
    """
    from kfp import compiler

    if settings.pods is None:
        from pipelines.training import training_pipeline as graph
    else:
        from pipelines.cluster_training import cluster_training_pipeline as graph

    output.parent.mkdir(parents=True, exist_ok=True)
    # The compiler tells the format by the ending.
    temporary = output.with_name(f".{os.getpid()}.{output.name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiler.Compiler().compile(graph(settings), str(temporary))
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
