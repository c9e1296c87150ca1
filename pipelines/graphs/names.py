"""Names of the graphs, in a module without heavy imports for the start of the command line."""

import enum
from collections.abc import Mapping
from types import MappingProxyType


class Pipeline(enum.Enum):
    """A pipeline that a cluster can run."""

    TRAINING = "training"
    SCORING = "scoring"
    MONITORING = "monitoring"


ENDINGS: Mapping[Pipeline, str] = MappingProxyType(
    {
        Pipeline.TRAINING: "the model is registered",
        Pipeline.SCORING: "the scores are on the run's page",
        Pipeline.MONITORING: "no need to retrain",
    }
)
"""Outcome of a run that succeeded."""
