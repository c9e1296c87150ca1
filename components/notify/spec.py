"""How notify and alert run."""

from types import MappingProxyType

from components.spec import Resources, Secret, StepSpec

WEBHOOK_VARIABLE = "TENURE_ALERT_WEBHOOK"
"""URL that outcomes are posted to as JSON. It usually contains a secret, so messages show only its host."""

_WEBHOOK = (Secret("tenure-alerts", MappingProxyType({"webhook": WEBHOOK_VARIABLE}), optional=True),)

STEPS = (
    StepSpec(
        name="notify",
        resources=Resources("100m", "256Mi"),
        timeout_s=300,
        secrets=_WEBHOOK,
        cached=False,
        is_exit=True,
    ),
    StepSpec(name="alert", resources=Resources("100m", "256Mi"), timeout_s=300, secrets=_WEBHOOK, cached=False),
)
