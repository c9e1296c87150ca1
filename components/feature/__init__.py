"""Feature: derive, window, split, fit the transform on the training part."""
