"""How check_serving runs."""

from components.spec import Resources, StepSpec

STEPS = (StepSpec(name="check_serving", order=90, resources=Resources("1", "2Gi"), timeout_s=1800),)
