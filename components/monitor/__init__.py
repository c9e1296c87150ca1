"""Monitor: whether the current customers are still like those that the model was trained on."""
