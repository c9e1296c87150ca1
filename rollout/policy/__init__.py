"""What a rollout does next: pure functions over its state and what is observed."""
