"""How deploy runs."""

from components.spec import Resources, StepSpec

STEPS = (StepSpec(name="deploy", resources=Resources("500m", "512Mi"), timeout_s=900, cached=False),)
