"""Validator: a suite of checks as one value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import pandas as pd

from mlopskit.records.trial import Trial
from mlopskit.records.validation import ValidationReport
from mlopskit.storage.frames import Frames, frames_in
from mlopskit.validation import inference, suite
from mlopskit.validation.checks.check import Check, FrameCheck
from mlopskit.validation.checks.models import ModelCheck
from mlopskit.validation.engine import Evaluation, evaluate_model


def _checks(checks: object) -> tuple[Check, ...]:
    if isinstance(checks, Check):
        raise TypeError(f"a Validator takes a list of checks: Validator([{type(checks).__name__}(...)])")
    if not isinstance(checks, Iterable):
        raise TypeError(f"a Validator takes a list of checks, not a {type(checks).__name__}")
    listed = tuple(checks)
    for check in listed:
        if not isinstance(check, Check):
            name = f"the class {check.__name__}" if isinstance(check, type) else f"a {type(check).__name__}"
            raise TypeError(f"a Validator takes checks, such as checks.NotNull('origin'), not {name}")
    return listed


@attrs.frozen
class Validator:
    """Whether rows, or a model, are what they should be.

    Parameters
    ----------
    checks : iterable of Check
        Data checks, model checks, or both: each of the two methods runs those it is about and reports the others as
        skipped. Nothing is written to the store.

    Raises
    ------
    TypeError
        If something is not a check.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlopskit.validation import checks
    >>> validator = Validator([checks.NotNull("origin", "dest"), checks.Between("distance", 0, 6000)])
    >>> validator.validate(pd.DataFrame({"origin": ["JFK", None], "dest": ["LAX", "SFO"], "distance": [2475, 2586]}))
    ValidationReport: failed (1 failed, 1 passed, 2 rows)
      failed   origin, dest are never missing         1 of 2 rows fail: 1 in 'origin'
      passed   distance is between 0 and 6000
    """

    checks: tuple[Check, ...] = attrs.field(converter=_checks)

    def __add__(self, other: Validator | Iterable[Check]) -> Validator:
        return Validator((*self.checks, *(other.checks if isinstance(other, Validator) else _checks(other))))

    def validate(self, frame: Frames) -> ValidationReport:
        """Run every data check; none stops the others, and the input is never changed.

        Parameters
        ----------
        frame : DataFrame, table, iterable of them, str or path
            Of pandas, or anything that shares its columns by the Arrow PyCapsule interface, such as a frame of polars
            or a table of pyarrow, which has to be installed then. Chunks, the partitions of a Dask frame, and the
            Parquet files at a path or URL, which may be that of a folder, give the answer that they would give as one
            frame; rows are numbered on across them, and keep their labels. See `mlopskit.storage.frames.frames_in`.

        Returns
        -------
        ValidationReport
            A check that can not run, because a column is missing or of the wrong type, has the status "error".

        Raises
        ------
        TypeError
            If this is no frame.
        NotFoundError, FormatError
            If there is no Parquet at this path.
        ValueError
            If all checks are about models.
        """
        self._require(FrameCheck, "rows; use validate_model")
        evaluation = Evaluation(self.checks)
        for chunk in frames_in(frame):
            evaluation.update(chunk)
        return evaluation.finish()

    def validate_model(
        self,
        model: Any,
        X: Any,  # noqa: N803
        y: Any,
        *,
        train: tuple[Any, Any] | None = None,
        champion: Any = None,
        groups: Any = None,
    ) -> ValidationReport:
        """Run every model check on rows that the models have not seen.

        Parameters
        ----------
        model : object
            The candidate, with ``predict`` and for most scores ``predict_proba``.
        X : DataFrame
            Held-out rows.
        y : Series
            Their true labels, in the same order.
        train : tuple of (DataFrame, Series), optional
            The rows that the candidate was fitted on, and their labels; needed by checks of leakage, overfit and drift.
        champion : object, optional
            The model that the candidate would replace.
        groups : Series, optional
            What rows belong together, such as the day, since the rows of one day are not independent.

        Returns
        -------
        ValidationReport
            A check that can not run, because a model raises or has no ``predict_proba``, has the status "error".

        Raises
        ------
        ValueError
            If all checks are about rows.
        """
        self._require(ModelCheck, "models; use validate")
        return evaluate_model(self.checks, Trial(model, champion, X, y, groups, train=train))

    @classmethod
    def infer(cls, frame: pd.DataFrame) -> Validator:
        r"""Propose checks that a frame passes, as a first draft to review and edit.

        Parameters
        ----------
        frame : DataFrame
            Rows that are known to be good.

        Returns
        -------
        Validator
            Its columns are there, of the same kinds; where nothing is missing nothing may be, elsewhere three times as
            much; but for a few rows in a thousand numbers are within their range and half its width on either side,
            non-negative ones not below zero, and text of at most 50 distinct values has no other; medians lie between
            the quartiles; if no row comes twice, none may. Nothing is said about what does not vary.

        Raises
        ------
        TypeError, ValueError
            If this is no frame, it has no rows, or its columns are not labelled, each differently, by a text, an
            int or a tuple of these.

        Examples
        --------
        >>> import pandas as pd
        >>> january = pd.DataFrame({"origin": ["JFK", "EWR"] * 2, "distance": [200, 1000, 700, 2200]})
        >>> print(*Validator.infer(january).checks, sep="\n")
        there are the columns origin, distance
        origin, distance are never missing
        origin holds text values
        origin is one of EWR, JFK
        distance holds int values
        distance is between 0 and 3200
        """
        return cls(inference.infer(frame))

    def to_json(self) -> str:
        """Return the checks as readable JSON text, to be kept and reviewed like source code.

        Raises
        ------
        SerializationError
            If a check is of a class that is not built in, since its code would not be in the text.
        """
        return suite.to_json(self.checks)

    @classmethod
    def from_json(cls, text: str) -> Validator:
        """Return the validator that `to_json` wrote down.

        Raises
        ------
        FormatError
            If the text is not such JSON, of a newer format, or names a check or parameter that does not exist.

        Examples
        --------
        >>> from mlopskit.validation import checks
        >>> validator = Validator([checks.Unique("flight", "time_hour", severity="warn")])
        >>> Validator.from_json(validator.to_json()) == validator
        True
        """
        return cls(suite.from_json(text))

    def _require(self, kind: type[Check], words: str) -> None:
        if self.checks and not any(isinstance(check, kind) for check in self.checks):
            raise ValueError(f"none of the {len(self.checks)} checks looks at {words}")
