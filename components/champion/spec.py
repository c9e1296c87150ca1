"""How champion runs."""

from components.spec import OBJECT_STORE, TRACKING, Resources, StepSpec

STEPS = (
    StepSpec(
        name="champion",
        order=20,
        resources=Resources("500m", "1Gi"),
        timeout_s=600,
        secrets=(*OBJECT_STORE, *TRACKING),
        cached=False,
    ),
)
