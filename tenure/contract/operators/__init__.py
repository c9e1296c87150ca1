"""The operators of expressions, each with its implementation over arrays and over one row."""

from tenure.contract.operators.arithmetic import ARITHMETIC, arithmetic, negative, power
from tenure.contract.operators.comparison import COMPARISON, compare, member
from tenure.contract.operators.logic import logical, logical_not

__all__ = [
    "ARITHMETIC",
    "COMPARISON",
    "arithmetic",
    "compare",
    "logical",
    "logical_not",
    "member",
    "negative",
    "power",
]
