"""Features: windows over events, the split, and the tables that models are trained on."""
