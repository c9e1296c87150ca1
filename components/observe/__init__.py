"""What a run on a cluster depends on besides its parameters."""
