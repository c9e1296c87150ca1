"""How feature runs."""

from components.spec import Resources, StepSpec

STEPS = (StepSpec(name="feature", order=50, resources=Resources("1", "2Gi"), timeout_s=3600),)
