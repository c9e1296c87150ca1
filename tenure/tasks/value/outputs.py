"""The outputs of a regression."""

import sys

from tenure.tasks.outputs import Outputs

OUTPUTS = Outputs(
    score="value",
    lowest=-sys.float_info.max,
    highest=sys.float_info.max,
    columns=("value", "value_low", "value_high"),
    tensors=("value", "value_low", "value_high"),
    noun="predicted values",
    interval=("value_low", "value_high"),
)
"""A value, and the ends of the interval that goes with it."""
