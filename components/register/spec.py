"""How register and track run. Neither is cached: their entries in MLflow are what a run leaves behind."""

from components.spec import OBJECT_STORE, Resources, StepSpec

STEPS = (
    StepSpec(
        name="register",
        order=100,
        resources=Resources("500m", "1Gi"),
        timeout_s=1800,
        secrets=OBJECT_STORE,
        cached=False,
    ),
    StepSpec(name="track", resources=Resources("500m", "1Gi"), timeout_s=1800, secrets=OBJECT_STORE, cached=False),
)
