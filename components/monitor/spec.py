"""How monitor runs."""

from components.spec import OBJECT_STORE, Resources, StepSpec

STEPS = (
    StepSpec(
        name="monitor",
        resources=Resources("1", "4Gi"),
        timeout_s=2 * 3600,
        secrets=OBJECT_STORE,
        reads_source=True,
        cached=False,
    ),
)
