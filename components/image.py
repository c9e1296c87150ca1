"""The image that the steps run in."""

IMAGE = "tenure-pipeline-python"
"""A name without a tag: the graph sets the real image, tagged by content, on every task (pipelines/settings.py)."""
