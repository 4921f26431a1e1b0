"""Expressions over columns, as `pandas.DataFrame.eval` takes them, held to what each row gives by itself.

pandas follows any attribute and calls any method of a column: one that writes a file, or one that gives a chunk of the
rows another answer than all of them. An expression may come from a file, so only known ones are let through.
"""

from __future__ import annotations

import ast
import functools

_PARTS = (
    ast.Expression, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword, ast.Attribute, ast.Name,
    ast.Constant, ast.List, ast.Tuple, ast.boolop, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip
_METHODS = ("abs", "between", "isin", "isna", "isnull", "notna", "notnull", "round")
_ACCESSORS = ("str", "dt")
_NAMES = "A column whose label is no identifier can not be named; write Satisfies(function, label) instead"


@functools.lru_cache(maxsize=256)
def columns_of(expression: str) -> tuple[str, ...]:
    """Return the columns that an expression names, each once.

    Raises
    ------
    ValueError
        If it is no expression, names no column, or holds anything but operators, values, functions by name, the methods
        above, and what lies behind ``.str`` and ``.dt``.
    """
    try:
        nodes = list(ast.walk(ast.parse(expression.strip(), mode="eval")))
    except SyntaxError as error:
        raise ValueError(f"Expression: {expression!r} is no expression: {error.msg}. {_NAMES}") from None
    for node in nodes:
        if not isinstance(node, _PARTS):
            raise _refused(expression, f"a {type(node).__name__}")
        if isinstance(node, ast.Attribute) and not _is_of_one_row(node):
            raise _refused(expression, f".{node.attr}")
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    names = tuple(dict.fromkeys(each.id for each in nodes if isinstance(each, ast.Name) and id(each) not in called))
    if not names:
        raise ValueError(f"Expression: {expression!r} names no column. {_NAMES}")
    return names


def _is_of_one_row(node: ast.Attribute) -> bool:
    behind_accessor = isinstance(node.value, ast.Attribute) and node.value.attr in _ACCESSORS
    return node.attr in _ACCESSORS + _METHODS or (behind_accessor and not node.attr.startswith("_"))


def _refused(expression: str, part: str) -> ValueError:
    return ValueError(
        f"Expression: {expression!r} uses {part}; it may use operators, {', '.join(_METHODS)}, .str and .dt. "
        "Write Satisfies(function) for anything else"
    )
