"""A check of rows, group by group: no group may hide behind the others."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs
import numpy as np

from mlopskit.records.report import CheckResult
from mlopskit.validation.checks.check import EachRow, FrameCheck, RowTally, of_rows
from mlopskit.validation.checks.parameters import value_key
from mlopskit.validation.chunk import Chunk
from mlopskit.validation.label import Label, column_label, name_of, plain_label

_LISTED = 20
_Counts: TypeAlias = dict[tuple[str, Any], tuple[int, int]]
"""How many rows each group has and how many of them fail, by the key of its value."""


@attrs.frozen
class _Groups:
    """The rows of each group, beside the tally of all."""

    tally: RowTally = attrs.field(factory=RowTally)
    counts: _Counts = attrs.field(factory=dict)

    def merge(self, later: _Groups) -> _Groups:
        return _Groups(self.tally.merge(later.tally), _added(self.counts.items(), later.counts.items()))


def _added(*counted: Iterable[tuple[tuple[str, Any], tuple[int, int]]]) -> _Counts:
    """Add up what was counted; a column of objects tells 1 from 1.0, which are one group."""
    counts: _Counts = {}
    for group, (rows, failed) in itertools.chain(*counted):
        known = counts.get(group, (0, 0))
        counts[group] = known[0] + rows, known[1] + failed
    return counts


@attrs.frozen
class PerGroup(FrameCheck):
    """In every group of rows enough of them pass a check; rows that belong to no group are not looked at.

    Parameters
    ----------
    check : EachRow
        A check of rows. Its own `at_least` is the share that has to pass in each group.
    by : str, int or tuple
        The column that tells the groups; `observed` of the result names the 20 worst.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> from mlopskit.validation import checks
    >>> str(PerGroup(checks.Between("distance", 0, 6000, at_least=0.95), by="origin"))
    'distance is between 0 and 6000, for each origin'
    """

    check: EachRow = attrs.field(validator=of_rows)
    by: Label = attrs.field(kw_only=True, converter=plain_label, validator=column_label)

    def __str__(self) -> str:
        return f"{self.check}, for each {name_of(self.by)}"

    @property
    def reads(self) -> tuple[Label, ...]:
        """The columns of the check, and the one that tells the groups."""
        return tuple(dict.fromkeys((*self.check.reads, self.by)))

    def start(self) -> _Groups:
        """Return no groups."""
        return _Groups()

    def update(self, state: _Groups, chunk: Chunk) -> _Groups:
        """Count rows and failures in each group of a chunk."""
        failing = self.check.failing_rows(chunk)
        column = chunk.column(self.by)
        codes, levels = np.asarray(column.codes, dtype=np.intp), column.levels
        belongs = codes >= 0
        if failing is not None:
            failing = failing & belongs
        rows = np.bincount(codes[belongs], minlength=len(levels))
        failed = np.bincount(codes[failing], minlength=len(levels)) if failing is not None else np.zeros_like(rows)
        counts = _added(
            (value_key(level), (count, bad))
            for level, count, bad in zip(levels, rows.tolist(), failed.tolist(), strict=True)
            if count
        )
        return state.merge(_Groups(RowTally.of(failing, chunk.row_count, chunk.row_labels), counts))

    def merge(self, first: _Groups, second: _Groups) -> _Groups:
        """Add up."""
        return first.merge(second)

    def finish(self, state: _Groups) -> CheckResult:
        """Fail if in any group too few rows pass."""
        bad = {
            group: failed
            for group, (rows, failed) in state.counts.items()
            if (rows - failed) / rows < self.check.at_least
        }
        worst = sorted(bad, key=lambda group: (-bad[group], str(group[1])))
        listed = [
            {"group": str(group[1]), "rows": state.counts[group][0], "failed": bad[group]} for group in worst[:_LISTED]
        ]
        message = f"{len(bad)} of {len(state.counts)} groups fail" if bad else ""
        if bad:
            message += f", one of them in {bad[worst[0]]} of its {state.counts[worst[0]][0]} rows"
        return self.result(
            "failed" if bad else "passed", message, **state.tally.found,
            observed={"groups": len(state.counts), "failing_groups": len(bad), "worst": listed},
        )  # fmt: skip
