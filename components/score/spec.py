"""How score runs."""

from components.spec import OBJECT_STORE, Resources, StepSpec

STEPS = (
    StepSpec(
        name="score",
        resources=Resources("2", "2Gi"),
        timeout_s=6 * 3600,
        secrets=OBJECT_STORE,
        reads_source=True,
        cached=False,
    ),
)
