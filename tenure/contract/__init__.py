"""What a dataset is: schema, loading, expressions, and inferring a first contract from data."""

from tenure.contract.columns import Column, Derived, Window
from tenure.contract.load import contract_hash, dump, load, parse
from tenure.contract.schema import Contract

__all__ = ["Column", "Contract", "Derived", "Window", "contract_hash", "dump", "load", "parse"]
