"""Register and track: record a run in MLflow, and register its model."""
