"""How evaluate runs."""

from components.spec import Resources, StepSpec

STEPS = (StepSpec(name="evaluate", order=80, resources=Resources("1", "2Gi"), timeout_s=3600),)
