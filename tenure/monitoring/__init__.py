"""Monitoring: current customers compared with those that the model was trained on."""
