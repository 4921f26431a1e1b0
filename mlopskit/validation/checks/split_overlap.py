"""Whether training rows have leaked into the held-out ones: the same rows, the same groups, or the same time."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from mlopskit.errors import ValidationError
from mlopskit.records.report import CheckResult
from mlopskit.records.trial import Trial
from mlopskit.validation.bootstrap import Array
from mlopskit.validation.checks.models import ScoreCheck, failing_rows
from mlopskit.validation.intervals import newcombe_interval
from mlopskit.validation.label import Label, column_label, name_of, plain_label
from mlopskit.validation.trial_rows import column_of, frame_of, held_out, pieces_of, training


def _share(owner: Any, field: Any, value: float) -> None:
    """Refuse what is no share of rows."""
    if not 0 <= value < 1:
        raise ValueError(f"{type(owner).__name__}: {field.name} is {value}; give a share of rows, from 0 to below 1")


@attrs.frozen
class NoDuplicatesAcross(ScoreCheck):
    """Held-out rows are no copies of training rows.

    Where columns have few values, rows repeat by nature: then a held-out row has a copy among the training rows as
    often as a training row has another. Only copies beyond that, and beyond chance, are a leak.

    Parameters
    ----------
    tolerance : float
        The share of copied rows, beyond those expected by nature, that passes.
    confidence : float
        Of the interval of that excess.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Rows are compared in the columns that both sets have. `observed` of the result: verdict ("leak", "no leak"), share
    (of held-out rows with a copy in training), natural (of training rows with another), low, high (Newcombe's interval
    of their difference, in which equal rows count as one), threshold, n.

    Examples
    --------
    >>> str(NoDuplicatesAcross())
    'held-out rows are no copies of training rows'
    """

    tolerance: float = attrs.field(default=0.0, validator=_share)
    confidence: float = attrs.field(
        default=0.95, kw_only=True, validator=[attrs.validators.gt(0), attrs.validators.lt(1)]
    )

    def __str__(self) -> str:
        up_to = f", up to a share of {self.tolerance:g}" if self.tolerance else ""
        return f"held-out rows are no copies of training rows{up_to}"

    def judge(self, trial: Trial) -> CheckResult:
        """Count copies on both sides."""
        rows, seen = _both_frames(trial)
        shared = [column for column in rows.columns if column in seen.columns]
        if not shared:
            raise ValidationError("held-out and training rows have no column in common")
        together = pd.concat([seen[shared], rows[shared]], ignore_index=True)  # in one dtype, so that 1 equals 1.0
        hashes = _hashes(together)
        known, asked = hashes[: len(seen)], hashes[len(seen) :]
        copied, again = np.isin(asked, known), _repeats(known)
        copies, repeated = int(copied.sum()), int(again.sum())
        low, high = newcombe_interval(*_effective(copied, asked, 1), *_effective(again, known, 2), self.confidence)
        leak = low > self.tolerance
        observed: dict[str, Any] = {
            "verdict": "leak" if leak else "no leak", "share": copies / len(asked), "natural": repeated / len(known),
            "low": low, "high": high, "threshold": self.tolerance, "n": len(asked),
        }  # fmt: skip
        message = f"{copies} of {len(asked)} held-out rows are also training rows"
        if copies:
            message += f"; {repeated} of {len(known)} training rows have another copy there"
        found = failing_rows(copied & leak, rows)
        return self.result("failed" if leak else "passed", message, **found, observed=observed)


@attrs.frozen
class _NoColumnLeakage(ScoreCheck):
    """A check of the values that one column has on both sides; a subclass says which held-out ones leak."""

    column: Label = attrs.field(converter=plain_label, validator=column_label)
    tolerance: float = attrs.field(default=0.0, validator=_share)

    words: ClassVar[str]
    """What held-out rows are that leak."""

    @abstractmethod
    def leaking(self, asked: pd.Series, known: pd.Series) -> Array:
        """Tell which of the held-out values leak, given those of the training rows."""

    def judge(self, trial: Trial) -> CheckResult:
        """Compare the column on both sides."""
        rows, seen = _both_frames(trial)
        asked, known = column_of(rows, self.column, "held-out"), column_of(seen, self.column, "training")
        leaking = self.leaking(asked, known)
        failed, n = int(leaking.sum()), len(leaking)
        leak = failed / n > self.tolerance
        observed = {"verdict": "leak" if leak else "no leak", "share": failed / n, "threshold": self.tolerance, "n": n}
        return self.result(
            "failed" if leak else "passed", f"{failed} of {n} held-out rows are {self.words}",
            **failing_rows(leaking, asked), observed=observed,
        )  # fmt: skip


@attrs.frozen
class NoTimeLeakage(_NoColumnLeakage):
    """No held-out row is earlier than the last training row, so that nothing is predicted from its own future.

    Parameters
    ----------
    column : str, int or tuple
        Moments, or numbers that count time; in both sets of rows.
    tolerance : float
        The share of held-out rows that may be earlier.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(NoTimeLeakage("time_hour"))
    'no held-out row is earlier by time_hour than the last training row'
    """

    words: ClassVar[str] = "earlier than the last training row"

    def __str__(self) -> str:
        return f"no held-out row is earlier by {name_of(self.column)} than the last training row"

    def leaking(self, asked: pd.Series, known: pd.Series) -> Array:
        """Compare moments."""
        missing = int(asked.isna().sum() + known.isna().sum())
        if missing:
            raise ValidationError(f"the column {self.column!r} is missing in {missing} rows; when they were is unknown")
        try:
            early: Array = (asked < known.max()).to_numpy(dtype=bool)
        except TypeError as error:
            raise ValidationError(
                f"the column {self.column!r} is {asked.dtype} in the held-out and {known.dtype} in the training rows; "
                "convert both to one kind of moment"
            ) from error
        return early


@attrs.frozen
class NoGroupLeakage(_NoColumnLeakage):
    """No group, such as a customer or a day, has rows in both sets.

    Parameters
    ----------
    column : str, int or tuple
        What names the group of a row; in both sets of rows. Missing values are in no group.
    tolerance : float
        The share of held-out rows that may be of a group with training rows.
    severity : {"error", "warn"}
        Whether a failure makes the whole report fail.

    Examples
    --------
    >>> str(NoGroupLeakage("tailnum"))
    'no tailnum has both held-out and training rows'
    """

    words: ClassVar[str] = "of a group that has training rows"

    def __str__(self) -> str:
        return f"no {name_of(self.column)} has both held-out and training rows"

    def leaking(self, asked: pd.Series, known: pd.Series) -> Array:
        """Look for groups on both sides."""
        for each in (asked, known):
            pieces_of(each)  # refuses what can not be told apart
        shared: Array = (asked.isin(known.dropna().unique()) & asked.notna()).to_numpy(dtype=bool)
        return shared


def _hashes(frame: pd.DataFrame) -> Array:
    """Return one number per row; what can not be hashed, such as a list, is told apart by how it is written."""
    hashable = {place: _hashable(column) for place, (_, column) in enumerate(frame.items())}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(hashable), index=False))


def _hashable(column: pd.Series) -> pd.Series:
    try:
        pd.util.hash_pandas_object(column, index=False)
    except (TypeError, ValueError):  # without a hash, or of several types
        return column.map(repr)
    return column


def _repeats(rows: Array) -> Array:
    _, place, counts = np.unique(rows, return_inverse=True, return_counts=True)
    repeats: Array = counts[place] > 1
    return repeats


def _effective(found: Array, rows: Array, fewest: int) -> tuple[float, float]:
    """Count hits and rows as far as they are independent: equal rows, at least some, are found together.

    Kish's design effect, of the rows that are found.
    """
    _, counts = np.unique(rows[found], return_counts=True)
    together = max(float(counts @ counts) / max(counts.sum(), 1), fewest)
    return float(found.sum()) / together, len(rows) / together


def _both_frames(trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, (seen, _) = held_out(trial)[0], training(trial.train)
    return frame_of(rows, "held-out", "columns"), frame_of(seen, "training", "columns")
