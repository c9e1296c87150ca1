"""The graphs by name. Light: the command line reads it at its start."""

import enum
from collections.abc import Mapping
from types import MappingProxyType


class Pipeline(enum.Enum):
    """What a cluster can run."""

    TRAINING = "training"
    SCORING = "scoring"
    MONITORING = "monitoring"


ENDINGS: Mapping[Pipeline, str] = MappingProxyType(
    {
        Pipeline.TRAINING: "the model is registered",
        Pipeline.SCORING: "the scores are on the run's page",
        Pipeline.MONITORING: "nothing asks for training anew",
    }
)
"""What a run that succeeded has come to."""
