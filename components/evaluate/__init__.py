"""The step that decides whether a model may go live."""
