"""The outputs of a classification."""

from tenure.tasks.outputs import Outputs

OUTPUTS = Outputs(
    score="probability",
    lowest=0.0,
    highest=1.0,
    columns=("probability",),
    tensors=("probability", "confidence"),
    noun="probabilities",
)
"""``confidence`` is the probability that the customer does what the decision takes for granted: the calibrated
probability of churn where it says contact, its complement where it does not."""
