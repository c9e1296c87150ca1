"""What a server reports about its requests: logs, metrics, traces, and the prediction log."""
