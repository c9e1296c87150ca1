"""The contract of a dataset: schema, loading, expressions."""

from tenure.contract.columns import Column, Derived
from tenure.contract.load import contract_hash, dump, load, parse
from tenure.contract.schema import Contract
from tenure.contract.windows import Window

__all__ = ["Column", "Contract", "Derived", "Window", "contract_hash", "dump", "load", "parse"]
