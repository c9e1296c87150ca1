"""The step that tracks a run and registers its model."""
