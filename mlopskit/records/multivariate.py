"""What the comparison of two samples by all of their columns together found, and which columns are to blame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    import pandas as pd

    from mlopskit.markup.html import Markup

_SHOWN = 10
_LEAST_BLAME = 0.05


@attrs.frozen
class MultivariateResult:
    """What one multivariate test found.

    Attributes
    ----------
    test : str
        Its name, such as ``"mmd"``.
    statistic : float
        In units of its own.
    p_value : float
        The probability of a statistic at least this large if nothing has moved; never NaN.
    effect : float
        How much has moved, from 0 (nothing) to 1 (everything), whatever the sample sizes.
    n_reference, n_current : int
        Rows on both sides.
    contributions : dict of str to float
        The share of each column in what was found, the largest first; they sum to 1, or all are 0. Shares of chance
        where nothing has moved.
    details : tuple of str
        What was found, in plain words and aggregates.
    note : str
        Why there is no answer, such as ``"not enough data"``, with a p-value of 1 then; empty if there is one.
    """

    test: str
    statistic: float
    p_value: float
    effect: float
    n_reference: int
    n_current: int
    contributions: dict[str, float] = attrs.field(factory=dict)
    details: tuple[str, ...] = ()
    note: str = ""


@attrs.frozen
class ColumnMovement:
    """How one column moved.

    Attributes
    ----------
    column : str
        Its name.
    contribution : float
        Its share in what the tests found, from 0 to 1.
    words : str
        How it moved, in aggregates: ``"typical value 1,010 -> 1,310; missing 0% -> 4%"``.
    """

    column: str
    contribution: float
    words: str


@attrs.frozen(repr=False)
class MultivariateReport:
    """Whether rows have moved away from the reference as a whole, and which columns are to blame.

    Attributes
    ----------
    results : tuple of MultivariateResult
        One for each test.
    movements : tuple of ColumnMovement
        All columns, those to blame first.
    alpha, min_effect : float
        A test raises the alarm when its corrected p-value is below `alpha` and its effect at least `min_effect`.

    Examples
    --------
    >>> found = MultivariateResult("correlation change", 6.1, 1e-9, 0.5, 1000, 500, {"a": 0.5, "b": 0.5})
    >>> MultivariateReport((found,), (ColumnMovement("a", 0.5, "spread x 1.30"),), alpha=0.05, min_effect=0.1)
    MultivariateReport: drifted (correlation change). 500 rows against 1000; alpha 0.05, effect at least 0.1.
      correlation change  drifted  effect 0.500  p 1e-09
      to blame: a 50%: spread x 1.30
    """

    results: tuple[MultivariateResult, ...]
    movements: tuple[ColumnMovement, ...]
    alpha: float
    min_effect: float

    @property
    def alarms(self) -> list[MultivariateResult]:
        """The results that raise the alarm."""
        return [result for result in self.results if self._is_alarm(result)]

    @property
    def drifted(self) -> bool:
        """Whether any test raises the alarm."""
        return bool(self.alarms)

    def corrected_p_value(self, result: MultivariateResult) -> float:
        """Give the p-value of a result times the number of tests that have an answer, at most 1 (Bonferroni)."""
        return min(1.0, result.p_value * max(sum(not each.note for each in self.results), 1))

    def to_frame(self) -> pd.DataFrame:
        """Give one row per test: test, statistic, p_value, corrected_p_value, effect, drifted, note."""
        import pandas as pd

        names = ["test", "statistic", "p_value", "corrected_p_value", "effect", "drifted", "note"]
        rows = [
            [
                each.test, each.statistic, each.p_value, self.corrected_p_value(each), each.effect,
                self._is_alarm(each), each.note,
            ]
            for each in self.results
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    def movements_to_frame(self) -> pd.DataFrame:
        """Give one row per column, those to blame first: column, contribution, words."""
        import pandas as pd

        rows = [attrs.astuple(each) for each in self.movements]
        return pd.DataFrame(rows, columns=["column", "contribution", "words"])

    def summary(self) -> str:
        """Say in one sentence what was found."""
        rows = max(((each.n_reference, each.n_current) for each in self.results), default=(0, 0))
        named = ", ".join(result.test for result in self.alarms)
        told = any(not result.note for result in self.results)
        verdict = f"drifted ({named})" if named else "stable" if told else "not enough data"
        return (
            f"{verdict}. {rows[1]} rows against {rows[0]}; alpha {self.alpha:g}, effect at least {self.min_effect:g}."
        )

    def __repr__(self) -> str:
        width = max((len(each.test) for each in self.results), default=0)
        lines = [f"MultivariateReport: {self.summary()}"]
        for result in self.results:
            p_value = self.corrected_p_value(result)
            told = result.note or f"{self._word(result)}  effect {result.effect:.3f}  p {p_value:.2g}"
            lines.append(f"  {result.test:{width}}  {told}")
            lines += [f"    {detail}" for detail in result.details if self._is_alarm(result)]
        lines += [
            f"  to blame: {each.column} {each.contribution:.0%}: {each.words}"
            for each in self.movements[:_SHOWN]
            if self.drifted and each.contribution >= _LEAST_BLAME
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from mlopskit.markup.page import fragment

        return fragment(*self.sections(level=3))

    def sections(self, *, level: Literal[2, 3, 4]) -> Iterator[Markup]:
        """Give what a page shows."""
        from mlopskit.markup.components import badge, section, table

        found = [
            {
                "test": each.test,
                "verdict": badge(
                    "fail" if self._is_alarm(each) else "neutral" if each.note else "ok", self._word(each)
                ),
                "effect": f"{each.effect:.3f}",
                "corrected p": f"{self.corrected_p_value(each):.2g}",
                "found": each.note or "; ".join(each.details),
            }
            for each in self.results
        ]
        blamed = [
            {"column": each.column, "contribution": f"{each.contribution:.0%}", "how it moved": each.words}
            for each in self.movements[:_SHOWN]
        ]
        parts = [self.summary(), table(found), *([table(blamed)] if blamed else [])]
        yield section("All columns together", *parts, level=level)

    def _is_alarm(self, result: MultivariateResult) -> bool:
        return self.corrected_p_value(result) < self.alpha and result.effect >= self.min_effect

    def _word(self, result: MultivariateResult) -> str:
        return "drifted" if self._is_alarm(result) else "not enough data" if result.note else "stable"
