"""Check serving: serves the candidate by the real model server before it is registered."""
