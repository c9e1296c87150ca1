"""The step that asks the registry which model is live."""
