"""Features: window aggregates of events, the split, and the tables that models are trained on."""
