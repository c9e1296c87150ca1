"""What each command of ``rollout.cli`` does."""
