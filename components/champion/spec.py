"""How champion runs."""

from types import MappingProxyType

from components.spec import OBJECT_STORE, TRACKING, Resources, Secret, StepSpec
from tenure.signing.trust import TRUST_VARIABLE

TRUST = Secret("tenure-trust", MappingProxyType({"keys.pem": TRUST_VARIABLE}), optional=True)
"""Without it any champion is compared with, and scores."""

STEPS = (
    StepSpec(
        name="champion",
        order=20,
        resources=Resources("500m", "1Gi"),
        timeout_s=600,
        secrets=(*OBJECT_STORE, *TRACKING, TRUST),
        cached=False,
    ),
)
