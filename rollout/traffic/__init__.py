"""The cluster: how traffic is split, how far the split has come, and where the rollout is recorded."""
