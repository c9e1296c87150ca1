"""The start of a rollout, and the controller that drives it to its end."""
