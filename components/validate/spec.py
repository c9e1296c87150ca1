"""How validate and check_drift run."""

from components.spec import Resources, StepSpec

STEPS = (
    StepSpec(name="validate", order=30, resources=Resources("1", "2Gi"), timeout_s=3600),
    StepSpec(name="check_drift", order=40, resources=Resources("1", "2Gi"), timeout_s=3600),
)
