"""How deploy runs: in the rollout's image, so that a change of the rollout does not change the image of other steps."""

from components.spec import TRACKING, Resources, StepSpec

STEPS = (
    StepSpec(
        name="deploy",
        resources=Resources("500m", "512Mi"),
        timeout_s=900,
        secrets=TRACKING,
        cached=False,
        in_rollout_image=True,
    ),
)
