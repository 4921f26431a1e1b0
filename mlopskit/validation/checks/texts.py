"""Checks of texts: what they look like, and how long they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import attrs

from mlopskit.validation.checks.check import ValueCheck, unfit
from mlopskit.validation.column import Column, Mask
from mlopskit.validation.label import name_of


@attrs.frozen
class _TextCheck(ValueCheck):
    """A check of the texts in one column."""

    needs: ClassVar[str] = "text"

    def fits(self, value: Any) -> bool:
        """Whether it is a text."""
        return isinstance(value, str)

    def _failing_texts(self, column: Column, fails: Callable[[Any], bool]) -> Mask | None:
        """Ask once for each distinct value; of objects the next chunk may have texts, of others none has."""
        if column.kind not in ("text", "mixed", "empty") and not column.holds_objects:
            raise unfit(self, column, self.needs)
        return column.failing_levels(fails)


def _regular_expression(owner: Any, _field: Any, pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{type(owner).__name__}: the pattern is not a regular expression: {error}") from error


@attrs.frozen
class Matches(_TextCheck):
    """Every text in a column, from its first character to its last, matches a regular expression.

    Parameters
    ----------
    column : str, int or tuple
        A column of text; among objects what is no text fails.
    pattern : str
        In the syntax of `re`, whatever the column's dtype. Put ``.*`` at the end to look at the beginning only.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If the pattern is not a regular expression.

    Examples
    --------
    >>> str(Matches("tailnum", "N[0-9]+[A-Z]*"))
    'tailnum matches N[0-9]+[A-Z]*'
    """

    pattern: str = attrs.field(validator=_regular_expression)

    def __str__(self) -> str:
        return f"{name_of(self.column)} matches {self.pattern}"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which texts do not match; each distinct one is looked at once, and what is no text does not match."""
        match = re.compile(self.pattern).fullmatch
        return self._failing_texts(column, lambda text: not isinstance(text, str) or match(text) is None)


@attrs.frozen
class NotBlank(_TextCheck):
    """No text in a column is empty, or nothing but white space.

    Parameters
    ----------
    column : str, int or tuple
        A column of text.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(NotBlank("tailnum"))
    'tailnum is never blank'
    """

    def __str__(self) -> str:
        return f"{name_of(self.column)} is never blank"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which texts are blank."""
        return self._failing_texts(column, lambda text: isinstance(text, str) and not text.strip())


@attrs.frozen
class Length(_TextCheck):
    """All texts in a column have as many characters as they should.

    Parameters
    ----------
    column : str, int or tuple
        A column of text; among objects what is no text fails.
    low, high : int
        The fewest and the most characters that still pass.
    at_least : float, default 1.0
        The share of the rows that have to pass.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a bound is negative, or they are reversed.

    Examples
    --------
    >>> str(Length("origin", 3, 3))
    'origin has 3 characters'
    """

    low: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    high: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"Length({self.column!r}): low is above high; give the lower bound first")

    def __str__(self) -> str:
        count = self.low if self.low == self.high else f"{self.low} to {self.high}"
        return f"{name_of(self.column)} has {count} characters"

    def failing_values(self, column: Column) -> Mask | None:
        """Tell which texts are too short or too long; what is no text has no length."""
        return self._failing_texts(
            column, lambda text: not isinstance(text, str) or not self.low <= len(text) <= self.high
        )
