"""How tune runs."""

from types import MappingProxyType

from components.spec import Resources, Secret, StepSpec

STUDIES_VARIABLE = "TENURE_STUDIES"
"""Environment variable of the step's pod with the address of the studies' database, which contains a password."""

STEPS = (
    StepSpec(
        name="tune",
        order=60,
        resources=Resources("2", "4Gi"),
        timeout_s=6 * 3600,
        secrets=(Secret("tenure-study-database", MappingProxyType({"uri": STUDIES_VARIABLE})),),
    ),
)
