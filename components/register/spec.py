"""How register and track run. Neither is cached: their entries in MLflow are what a run leaves behind."""

from types import MappingProxyType

from components.spec import OBJECT_STORE, TRACKING, Resources, Secret, StepSpec
from tenure.signing.private_key import SIGNING_KEY_VARIABLE

SIGNING_KEY = Secret("tenure-signing-key", MappingProxyType({"private-key": SIGNING_KEY_VARIABLE}), optional=True)
"""Without it models are registered unsigned, which servers with a trust root refuse."""

STEPS = (
    StepSpec(
        name="register",
        order=100,
        resources=Resources("500m", "1Gi"),
        timeout_s=1800,
        secrets=(*OBJECT_STORE, *TRACKING, SIGNING_KEY),
        cached=False,
    ),
    StepSpec(
        name="track",
        resources=Resources("500m", "1Gi"),
        timeout_s=1800,
        secrets=(*OBJECT_STORE, *TRACKING),
        cached=False,
    ),
)
