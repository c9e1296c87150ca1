"""Whether a trusted key signed the bundle of a new version, before its canary starts."""

from rollout.signatures.check import BundleCheck

__all__ = ["BundleCheck"]
