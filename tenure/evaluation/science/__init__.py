"""Figures of an evaluation for data scientists: where the chosen model is wrong, and where the families disagree."""
