"""Deploy: starts the canary rollout of a registered version."""
