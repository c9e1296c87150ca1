"""Drafts a contract from data, for a person to correct."""
