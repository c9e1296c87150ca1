"""Whether the canary is worse than stable, from metrics and from replayed requests."""
