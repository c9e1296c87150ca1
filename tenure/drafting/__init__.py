"""A first contract, inferred from data, for a person to edit."""
