"""Champion: fetches the live model from the registry."""
