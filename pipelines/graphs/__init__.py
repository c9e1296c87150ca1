"""The pipelines as graphs of steps, and the settings under which they run."""
