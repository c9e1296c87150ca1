"""Feature: window aggregates, derived features, the split, and the transform fitted on the training part."""
