"""The functions of expressions by name. A new function is one entry in the file of its group."""

from tenure.contract.functions.choice import CHOICE
from tenure.contract.functions.dates import DATES
from tenure.contract.functions.function import Function, Nulls
from tenure.contract.functions.numbers import NUMBERS
from tenure.contract.functions.words import WORDS

FUNCTIONS: dict[str, Function] = {function.name: function for function in (*NUMBERS, *CHOICE, *DATES, *WORDS)}

__all__ = ["FUNCTIONS", "Function", "Nulls"]
