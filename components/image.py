"""Images of the steps, and the version of the code in them."""

import os

IMAGE = "tenure-pipeline-python"
"""A name without a tag: ``pipelines.graphs.settings`` sets the real image, tagged by content, on every task."""

ROLLOUT_IMAGE = "tenure-rollout:set-by-rollout-image"
"""Image of the deploy step in a graph compiled without ``--rollout-image``. It does not exist: its tag shows in the
pod's events which option was missing."""

REVISION_VARIABLE = "TENURE_REVISION"
"""Environment variable set by the image's build: the git commit of the code in it, ``-dirty`` for a changed one."""


def code_version(given: str) -> str:
    """``given``, or the version that the image states: a run may be submitted from another checkout."""
    return given or os.environ.get(REVISION_VARIABLE, "")
