"""Expressions over the columns of one row: a small language, read by ``ast`` against a whitelist.

    TotalCharges / max(tenure, 1)
    count(OnlineSecurity == "Yes", TechSupport == "Yes")
    where(Contract == "Month-to-month" and tenure < 3, 1, 0)
    bucket(tenure, 0, 6, 24, 60)
    days_between(joined, today())

Literals (numbers, "text", True, False), columns (``col("odd name")`` for names that are not identifiers),
``+ - * / // % **``, comparisons (chained too), ``and or not``, ``in [..]``, ``not in [..]``, and the functions
of ``tenure.contract.functions``. Every part has a type, checked here; a text where a date is expected is a date
("2026-11-30"). Null in gives null out, as in SQL; so do division by zero and overflow. Nothing of the text is ever
executed: an expression becomes two trees of closures of this package, one over numpy arrays and one over the Python
values of a single row.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from operator import itemgetter

import numpy as np

from tenure.contract.functions import FUNCTIONS
from tenure.contract.nodes import Node, OverRow, constant
from tenure.contract.operators import (
    ARITHMETIC,
    COMPARISON,
    arithmetic,
    compare,
    logical,
    logical_not,
    member,
    negative,
    power,
)
from tenure.contract.values import ExpressionType, Text, Value
from tenure.errors import one_line

MAX_LENGTH = 2_000
"""Characters of an expression."""
MAX_DEPTH = 50
"""How deep an expression may nest; a sum of n terms nests n deep."""
MAX_SIZE = 1_000
"""Texts put together in one value: features of features could double their length again and again."""
MAX_QUOTED = 60
MAX_NEAR = 64
"""Characters of a name for which similar names are looked for: the time grows faster than its length."""


class Expression:
    """A parsed expression, typed, ready to run. Made by ``parse``."""

    def __init__(self, text: str, node: Node, columns: tuple[str, ...]) -> None:
        self.text = text
        self.type: ExpressionType = node.type
        self.columns = columns
        """Names of the columns used, in the order in which they are first met; ``TODAY_COLUMN`` for ``today()``."""
        self.size = node.size
        """At most so many texts are put together in a value; see ``tenure.contract.nodes.Node``."""
        self.one_row: OverRow = node.one_row
        """The expression's value for one row, see ``tenure.contract.nodes.Row``; the row must hold ``self.columns``."""
        self._arrays = node.arrays

    def evaluate(self, columns: Mapping[str, Value], rows: int) -> Value:
        """The expression's value for ``rows`` rows; ``columns`` must hold ``self.columns``, each that long.

        Run it under ``np.errstate(all="ignore")``, once for many expressions: what numpy would warn of becomes null.
        """
        value: Value = self._arrays(columns)
        if isinstance(value, Text):
            return value if len(value.codes) == rows else Text(np.broadcast_to(value.codes, rows), value.words)
        return value if len(value) == rows else np.broadcast_to(value, rows)

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, type={self.type!r})"


def parse(text: str, known: Mapping[str, ExpressionType], sizes: Mapping[str, int] | None = None) -> Expression:
    """Read an expression over the columns ``known``, given with their types.

    Args:
        text: the expression.
        known: type of each column that it may use.
        sizes: ``Expression.size`` of the columns that are expressions themselves; 1 for all others.

    Raises:
        ValueError: one line that quotes the part that is wrong and suggests near names.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"an expression may have {MAX_LENGTH} characters, this one has {len(text)}: '{_cut(text)}'")
    source = _unfolded(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"'{_cut(source)}' is not an expression: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ValueError(f"'{_cut(source)}' nests deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise ValueError(f"'{_cut(source)}' is not an expression: {error}") from None
    builder = _Builder(source, known, sizes or {})
    node = builder.build(tree.body, depth=1)
    if node.size > MAX_SIZE:
        raise ValueError(f"'{_cut(source)}' puts more than {MAX_SIZE} texts together")
    return Expression(source, node, tuple(builder.used))


class _Builder:
    """Walks the syntax tree; every kind of node that is not named here is an error."""

    def __init__(self, source: str, known: Mapping[str, ExpressionType], sizes: Mapping[str, int]) -> None:
        self._source = source
        self._bytes = source.encode()
        self._known = known
        self._sizes = sizes
        self.used: dict[str, None] = {}

    def build(self, tree: ast.expr, depth: int) -> Node:  # noqa: PLR0911 a kind of node, a return
        if depth > MAX_DEPTH:
            raise ValueError(f"'{_cut(self._source)}' nests deeper than {MAX_DEPTH}")
        text = self._text(tree)
        match tree:
            case ast.Constant():
                return self._literal(tree, text)
            case ast.Name():
                return self._column(tree.id, text)
            case ast.BinOp() if type(tree.op) in ARITHMETIC:
                return arithmetic(
                    type(tree.op), self.build(tree.left, depth + 1), self.build(tree.right, depth + 1), text
                )
            case ast.BinOp(op=ast.Pow()):
                return power(self.build(tree.left, depth + 1), self.build(tree.right, depth + 1), text)
            case ast.UnaryOp(op=ast.USub()):
                return negative(self.build(tree.operand, depth + 1), text)
            case ast.UnaryOp(op=ast.Not()):
                return logical_not(self.build(tree.operand, depth + 1), text)
            case ast.BoolOp():
                return logical(type(tree.op), [self.build(value, depth + 1) for value in tree.values], text)
            case ast.Compare():
                return self._comparison(tree, text, depth)
            case ast.Call():
                return self._call(tree, text, depth)
        raise ValueError(f"'{text}' is not allowed in an expression")

    def _literal(self, tree: ast.Constant, text: str) -> Node:
        value = tree.value
        if isinstance(value, bool | str):
            return constant(value, text)
        if isinstance(value, int | float):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return constant(number, text)
            raise ValueError(f"'{text}' is too large a number")
        raise ValueError(f"'{text}' is not allowed in an expression")

    def _column(self, name: str, text: str) -> Node:
        kind = self._known.get(name)
        if kind is None:
            raise ValueError(
                f"'{name}' is not a column that an expression may use{_near(name, [*self._known, 'True', 'False'])}"
            )
        self.used[name] = None
        column = itemgetter(name)
        return Node(kind, column, column, text, size=self._sizes.get(name, 1))

    def _comparison(self, tree: ast.Compare, text: str, depth: int) -> Node:
        left = self.build(tree.left, depth + 1)
        found: list[Node] = []
        for operator, right in zip(tree.ops, tree.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                if not isinstance(right, ast.List | ast.Tuple):
                    raise ValueError(f"'in' needs a list like [\"a\", \"b\"], not '{self._text(right)}'")  # noqa: TRY004
                values = [self.build(value, depth + 1) for value in right.elts]
                if len(tree.ops) > 1:
                    raise ValueError(f"'{text}': 'in' cannot be chained; join the comparisons by 'and'")
                return member(left, values, isinstance(operator, ast.NotIn), text)
            if type(operator) not in COMPARISON:
                raise ValueError(f"'is' in '{text}' is not allowed; isnull(x) asks for a null, '==' compares")
            node = self.build(right, depth + 1)
            found.append(compare(type(operator), left, node, text))
            left = node
        return found[0] if len(found) == 1 else logical(ast.And, found, text)

    def _call(self, tree: ast.Call, text: str, depth: int) -> Node:
        if not isinstance(tree.func, ast.Name):
            raise ValueError(f"'{self._text(tree.func)}' cannot be called")  # noqa: TRY004
        name = tree.func.id
        if tree.keywords or any(isinstance(argument, ast.Starred) for argument in tree.args):
            raise ValueError(f"'{text}': arguments are given by position, as in {name}(x)")
        if name == "col":
            match tree.args:
                case [ast.Constant(value=str(column))]:
                    return self._column(column, text)
            raise ValueError(f"col takes the name of one column in quotes, not '{text}'")
        if name not in FUNCTIONS:
            raise ValueError(f"'{name}' is not a function{_near(name, [*FUNCTIONS, 'col'])}")
        function = FUNCTIONS[name]
        node = function.call([self.build(argument, depth + 1) for argument in tree.args], text)
        self.used.update(dict.fromkeys(function.reads))
        return node

    def _text(self, tree: ast.expr) -> str:
        """The part as it is written: ``ast.get_source_segment`` would divide the source into lines for each part."""
        if tree.lineno != 1 or tree.end_lineno != 1:
            return _cut(self._source)
        return _cut(self._bytes[tree.col_offset : tree.end_col_offset].decode())


def _unfolded(text: str) -> str:
    """YAML may fold an expression over several lines; a comment would then hide what follows it."""
    lines = text.split("\n")
    if len(lines) > 1 and any("#" in line for line in lines[:-1]):
        raise ValueError(f"'#' cannot stand in an expression of several lines: '{_cut(text)}'")
    return " ".join(line.strip() for line in lines).strip()


def _cut(text: str) -> str:
    return one_line(text, MAX_QUOTED)


def _near(name: str, names: Iterable[str]) -> str:
    if len(name) > MAX_NEAR:
        return ""
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(by_lower[match] for match in close)}?" if close else ""
