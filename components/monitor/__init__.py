"""Monitor: whether the customers of today are still those that the model learnt from."""
