"""How observe runs."""

from components.spec import OBJECT_STORE, TRACKING, Resources, StepSpec

STEPS = (
    StepSpec(
        name="observe",
        resources=Resources("500m", "1Gi"),
        timeout_s=600,
        secrets=(*OBJECT_STORE, *TRACKING),
        reads_source=True,
        cached=False,
    ),
)
