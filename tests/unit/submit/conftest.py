"""A Kubeflow that answers over HTTP, and pipelines that are compiled once."""

from kubeflow_double import compilers, kubeflow

__all__ = ["compilers", "kubeflow"]
