"""How ingest runs."""

from components.spec import OBJECT_STORE, Resources, StepSpec

STEPS = (
    StepSpec(
        name="ingest",
        order=10,
        resources=Resources("1", "1Gi"),
        timeout_s=2 * 3600,
        secrets=OBJECT_STORE,
        reads_source=True,
    ),
)
