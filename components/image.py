"""The image that the steps run in."""

import os

IMAGE = "tenure-pipeline-python"
"""A name without a tag: ``pipelines.graphs.settings`` sets the real image, tagged by content, on every task."""

REVISION_VARIABLE = "TENURE_REVISION"
"""Set in the image by its build: the git commit of the code inside, with ``-dirty`` if it was changed since."""


def code_version(given: str) -> str:
    """``given``, or else what the image says of the code inside: who submits a run may have another checkout."""
    return given or os.environ.get(REVISION_VARIABLE, "")
