"""How train runs."""

from components.spec import Resources, StepSpec

STEPS = (StepSpec(name="train", order=70, resources=Resources("2", "4Gi"), timeout_s=2 * 3600),)
