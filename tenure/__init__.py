"""Tenure: churn prediction as software. The domain library; knows nothing of kfp, kserve or Kubernetes."""

__version__ = "0.1.0"
