"""What a whole suite of checks found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from mlopskit.errors import ValidationError
from mlopskit.markup.values import shorten
from mlopskit.records.report import CheckResult

if TYPE_CHECKING:
    import pandas as pd

_MESSAGE_BYTES = 1800
_CHECK_WIDTH = 60
_MESSAGE_WIDTH = 200
_OUTCOMES = ("failed", "error", "warned", "skipped", "passed")


@attrs.frozen(repr=False)
class ValidationReport:
    """The results of all checks, in the order of the checks.

    Attributes
    ----------
    results : tuple of CheckResult
        One per check.
    rows : int
        How many rows were looked at.

    Examples
    --------
    >>> result = CheckResult("origin is never missing", "failed", "2 of 9 rows fail", failed=2, rows=9)
    >>> ValidationReport((result,), rows=9)
    ValidationReport: failed (1 failed, 9 rows)
      failed   origin is never missing   2 of 9 rows fail
    """

    results: tuple[CheckResult, ...]
    rows: int = 0

    @property
    def ok(self) -> bool:
        """Whether no check failed, those of severity "warn" aside, and every check could run."""
        return all(result.ok for result in self.results)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check: check, status, severity, failed, rows, message, examples, labels."""
        import pandas as pd

        columns = ["check", "status", "severity", "failed", "rows", "message", "examples", "labels"]
        return pd.DataFrame([[getattr(result, name) for name in columns] for result in self.results], columns=columns)

    def failing_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that the results name as examples: the first few of every check that failed.

        Parameters
        ----------
        frame : DataFrame
            What was validated; of chunks, all of them in one.

        Returns
        -------
        DataFrame
            Each row once, in the order and with the index of `frame`.

        Raises
        ------
        ValueError
            If `frame` has not as many rows as were validated.
        """
        if len(frame) != self.rows:
            raise ValueError(f"the frame has {len(frame)} rows but {self.rows} were validated; pass the same frame")
        return frame.iloc[sorted({position for result in self.results for position in result.examples})]

    def raise_if_failed(self) -> None:
        """Raise if the report is not `ok`.

        Raises
        ------
        ValidationError
            It names each check that failed or could not run, with counts, in less than 2 kB.
        """
        if self.ok:
            return
        bad = [result for result in self.results if not result.ok]
        message = f"{len(bad)} of {len(self.results)} checks failed or could not run, over {self.rows} rows:"
        for position, result in enumerate(bad):
            line = f"\n  {shorten(result.check, _CHECK_WIDTH)}: {shorten(result.message, _MESSAGE_WIDTH)}"
            if len((message + line).encode()) > _MESSAGE_BYTES:
                message += f"\n  and {len(bad) - position} more; the report's to_frame() lists all"
                break
            message += line
        raise ValidationError(message)

    @property
    def html(self) -> str:
        """The report as one HTML document that needs nothing else.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "report.html").write_text(ValidationReport(()).html, encoding="utf-8")
        """
        from mlopskit.records.validation_page import document

        return document(self)

    def summary(self) -> str:
        """Say how many checks ended in which way, and how many rows were looked at."""
        counts = Counter(result.outcome for result in self.results)
        return ", ".join([f"{counts[word]} {word}" for word in _OUTCOMES if counts[word]] + [f"{self.rows} rows"])

    def __repr__(self) -> str:
        named = [(result.outcome, shorten(result.check, _CHECK_WIDTH), result.message) for result in self.results]
        width = max((len(check) for _, check, _ in named), default=0)
        lines = [f"  {word:<7}  {check:<{width}}   {message}".rstrip() for word, check, message in named]
        return "\n".join([f"ValidationReport: {'passed' if self.ok else 'failed'} ({self.summary()})", *lines])

    def _repr_html_(self) -> str:
        from mlopskit.records.validation_page import notebook

        return notebook(self)
