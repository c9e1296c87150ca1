"""What the model server is measured beside."""
