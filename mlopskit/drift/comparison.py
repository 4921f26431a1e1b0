"""From two profiles to a report: all tests of all columns, corrected together, then a verdict for each column."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from mlopskit.drift.blocks import block_p_value, missing_p_value
from mlopskit.drift.column_profile import ColumnProfile
from mlopskit.drift.columns import NUMBERS
from mlopskit.drift.correction import PValues
from mlopskit.drift.picture import picture
from mlopskit.drift.profile import Profile
from mlopskit.drift.signals import MISSING_SHARE, Signal, signals
from mlopskit.drift.statistics.anderson_darling import AndersonDarling
from mlopskit.drift.statistics.chi_square import ChiSquare
from mlopskit.drift.statistics.statistic import Comparison, Statistic
from mlopskit.records.drift import ColumnDrift, Verdict

Statistics = Mapping[str, Statistic]
"""By the name of a column, or ``"numeric"`` or ``"categorical"`` for all others."""

_OF_NUMBERS, _OF_LABELS = AndersonDarling(), ChiSquare()


@attrs.frozen(eq=False)
class Rule:
    """When a column has drifted.

    Attributes
    ----------
    alpha : float
        What corrected p-values are held against.
    correct : callable
        The correction, one of `CORRECTIONS`.
    min_effect : float
        The least effect worth an alarm.
    usual : mapping of str to float
        By column, the effect that is usual between stretches of the reference, where that was learned.
    statistics : mapping of str to Statistic
    grouped : bool
        Whether rows are not independent, so that p-values come from their groups alone.
    """

    alpha: float
    correct: Callable[[PValues], PValues]
    min_effect: float
    usual: Mapping[str, float] = attrs.field(factory=dict)
    statistics: Statistics = attrs.field(factory=dict)
    grouped: bool = False

    def statistic(self, name: str, column: ColumnProfile) -> Statistic:
        """Choose what a column is compared by."""
        if name in self.statistics:
            return self.statistics[name]
        if column.kind in NUMBERS:
            return self.statistics.get("numeric", _OF_NUMBERS)
        return self.statistics.get("categorical", _OF_LABELS)

    def least_effect(self, name: str) -> float:
        """Return the least effect that is worth an alarm in a column."""
        return max(self.min_effect, self.usual.get(name, 0.0))


def compare(reference: Profile, current: Profile, rule: Rule) -> tuple[ColumnDrift, ...]:
    """Compare every column of the reference, in its order."""
    after = current.effective().columns
    pairs = {name: (column, after[name]) for name, column in reference.effective().columns.items()}
    found = {name: _signals(name, *pair, rule) for name, pair in pairs.items()}
    if rule.grouped:
        found = {name: _with_groups(name, several, reference, current) for name, several in found.items()}
    corrected = iter(
        rule.correct(np.array([each.found.p_value for several in found.values() for each in several])).tolist()
    )
    return tuple(
        _judge(name, *pairs[name], [(each, next(corrected)) for each in several], rule)
        for name, several in found.items()
    )


def effects(reference: Profile, current: Profile, rule: Rule) -> dict[str, float]:
    """Tell the greatest effect of all tests of each column; 0 where nothing can be tested."""
    after = current.effective().columns
    return {
        name: max((each.found.effect for each in _signals(name, column, after[name], rule)), default=0.0)
        for name, column in reference.effective().columns.items()
    }


def _signals(name: str, reference: ColumnProfile, current: ColumnProfile, rule: Rule) -> list[Signal]:
    if _is_unlike(reference, current):
        return []
    return list(signals(reference, current, rule.statistic(name, reference)))


def _with_groups(name: str, found: list[Signal], reference: Profile, current: Profile) -> list[Signal]:
    """Take p-values from whole groups, and leave out what they can not tell of."""
    kept = []
    for signal in found:
        if signal.about_values:
            p_value = block_p_value(reference.groups, current.groups, name)
        elif signal.method == MISSING_SHARE:
            p_value = missing_p_value(reference.groups, current.groups, name)
        else:
            continue
        kept.append(attrs.evolve(signal, found=attrs.evolve(signal.found, p_value=p_value)))
    return kept


def _is_unlike(reference: ColumnProfile, current: ColumnProfile) -> Verdict | None:
    if current.absent:
        return "missing column"
    kinds = {reference.kind, current.kind} - {"empty"}
    return "changed kind" if len(kinds) > 1 or "mixed" in kinds else None


def _judge(
    name: str, reference: ColumnProfile, current: ColumnProfile, found: list[tuple[Signal, float]], rule: Rule
) -> ColumnDrift:
    """Give the verdict on a column, from its signals and their corrected p-values."""
    unlike, least = _is_unlike(reference, current), rule.least_effect(name)
    if unlike:
        words = "" if current.absent else f"{reference.kind} → {current.kind}"
        told, p_value, verdict, shape = Signal("", Comparison(0.0, 0.0, 1.0)), 0.0, unlike, None
    else:
        told, p_value, verdict = _verdict(found, rule.alpha, least)
        shape, words = picture(reference, current)
    found_by = told.found
    return ColumnDrift(
        name, reference.kind, verdict, told.method, found_by.statistic, found_by.p_value, p_value, found_by.effect,
        reference.missing_share, current.missing_share, round(current.values), least, words, shape,
    )  # fmt: skip


def _verdict(found: list[tuple[Signal, float]], alpha: float, least: float) -> tuple[Signal, float, Verdict]:
    """Tell by which signal, its corrected p-value and the verdict; what is said of the values comes first."""
    alarms = [each for each in found if each[1] < alpha and each[0].found.effect >= least]
    if alarms:
        return *min(alarms, key=lambda each: (not each[0].about_values, each[1])), "drifted"
    for signal, p_value in found:
        if signal.about_values:
            unsure = signal.found.effect >= least and p_value >= alpha
            return signal, p_value, "not enough data" if unsure else "stable"
    return Signal("", Comparison(0.0, 1.0, 0.0)), 1.0, "not enough data"
