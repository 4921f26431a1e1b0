"""`Signature`: which columns a model was fitted on, and how input of any lossless form is brought into that form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import attrs

from mlopskit.errors import SignatureError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

Kind = Literal["int", "float", "bool", "string", "category", "datetime", "other"]
Row = Mapping[str, Any]

MOST_VALUES = 50  # a column of more different texts is no list of choices
_LONGEST_MESSAGE = 299
_LONGEST_NAME = 40
_TAKES = "A model takes a DataFrame, a 2-D array, a dict for one row or a list of dicts"


@attrs.frozen
class Column:
    """One column as the sample had it.

    Attributes
    ----------
    name : str
    kind : {"int", "float", "bool", "string", "category", "datetime", "other"}
        What its values are; *other* is passed on as it comes.
    dtype : str
        The name of the pandas dtype the model gets; of a category, that of its values.
    nullable : bool
        Whether the sample had missing values. Without, they are still allowed in float, string, category and
        datetime columns, where models impute them.
    none : bool
        Whether the sample's missing values were None; an object column is given None for them, else NaN.
    values : tuple
        The different texts or categories seen, if there are at most 50. Kept for the record: others are not refused.
    low, high : float or None
        The least and the greatest finite number seen, of int and float columns. Kept for the record as well.
    """

    name: str
    kind: Kind
    dtype: str
    nullable: bool = False
    none: bool = False
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None


@attrs.frozen
class Signature:
    """The columns that a model was fitted on, in order.

    Attributes
    ----------
    columns : tuple of Column

    Examples
    --------
    >>> import pandas as pd
    >>> signature = Signature.learn(pd.DataFrame({"origin": ["JFK", "EWR"], "distance": [1400.0, 200.0]}))
    >>> signature.names
    ('origin', 'distance')
    >>> signature.apply({"distance": 733, "origin": "LGA", "note": "ignored"}).to_dict("records")
    [{'origin': 'LGA', 'distance': 733.0}]
    >>> signature.apply({"distance": "far"})
    Traceback (most recent call last):
    mlopskit.errors.SignatureError: 2 columns do not fit the model's signature: 'origin' is not there; 'distance' ...
    """

    columns: tuple[Column, ...]

    @classmethod
    def learn(cls, sample: pd.DataFrame) -> Signature:
        """Learn names, kinds and missing values from a frame of features.

        Raises
        ------
        SignatureError
            If the frame has no columns, or names that are no texts or not unique.
        """
        from mlopskit.records.columns import learn_column

        names = list(sample.columns)
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise SignatureError(
                "A sample needs columns with different texts as names; rename them, and fit the model on those names."
            )
        return cls(tuple(learn_column(sample[name]) for name in names))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the model's order."""
        return tuple(column.name for column in self.columns)

    def apply(self, data: pd.DataFrame | npt.NDArray[Any] | Row | Sequence[Row]) -> pd.DataFrame:
        """Bring input into the form the model was fitted on, or say everything that is wrong with it.

        Columns are reordered, others dropped, and values converted where nothing is lost: ints for floats, whole
        floats for ints, 0 and 1 for bools, any kind of text column for another, ISO 8601 texts for moments.

        Parameters
        ----------
        data : DataFrame, 2-D array, dict or list of dict
            A dict is one row. An array has the columns in the model's order. The index of a frame is kept.

        Returns
        -------
        DataFrame
            As many rows as `data` has, possibly none.

        Raises
        ------
        SignatureError
            Missing columns, texts for numbers, 5.5 for an int, missing values in an int or bool column that had
            none; all of them in one message, with counts and the position of the first row, and without values.
        """
        if isinstance(data, Mapping | Sequence):
            rows = _checked_rows([data] if isinstance(data, Mapping) else data)
            return self._fit(_columns_of_rows(rows, self.names), range(len(rows)))
        frame = _framed(data, self.names)
        if self._fits(frame):
            return frame.copy()
        return self._fit(_columns_of_frame(frame, self.names), frame.index)

    @cached_property
    def _index(self) -> Any:
        import pandas as pd

        return pd.Index(self.names)

    @cached_property
    def _dtypes(self) -> list[Any]:
        """The dtypes of a frame that needs no conversion; empty if there always is something to look at."""
        from mlopskit.records.columns import plain_dtype

        dtypes = [plain_dtype(column) for column in self.columns]
        return [] if any(dtype is None for dtype in dtypes) else dtypes  # NumPy's float64 says that it equals None

    def _fits(self, frame: pd.DataFrame) -> bool:
        """Whether a frame is in the model's form already, which takes a tenth of the time to find out."""
        if not self._dtypes or not frame.columns.equals(self._index) or frame.dtypes.tolist() != self._dtypes:
            return False
        from mlopskit.records.columns import are_texts

        return all(
            are_texts(frame[name]) for name, dtype in zip(self.names, self._dtypes, strict=True) if dtype.kind == "O"
        )

    def _fit(self, values: Mapping[str, pd.Series | list[Any]], index: pd.Index | range) -> pd.DataFrame:
        """Convert the columns that are there, and make a frame of them."""
        import pandas as pd

        from mlopskit.records.columns import Misfit, convert

        fitted, problems = {}, []
        for column in self.columns:
            try:
                if column.name not in values:
                    raise Misfit("is not there")
                fitted[column.name] = convert(values[column.name], column)
            except Misfit as misfit:
                problems.append(f"{_short(column.name)} {misfit}")
        if problems:
            raise SignatureError(_refusal(problems))
        for name, array in fitted.items():
            if array.dtype == object:  # pandas 3 would guess again what is in it
                fitted[name] = pd.Series(array, index=index, dtype=object)
        return pd.DataFrame(fitted, index=index, copy=False)

    def __str__(self) -> str:
        return ", ".join(f"{column.name}: {column.kind}{'?' * column.nullable}" for column in self.columns)


def _framed(data: Any, names: tuple[str, ...]) -> pd.DataFrame:
    """Give a frame as it is, and an array as the frame it stands for."""
    import numpy as np
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if not isinstance(data, np.ndarray):
        raise SignatureError(f"{_TAKES}; this is a {type(data).__qualname__}.")
    if data.ndim != 2 or data.shape[1] != len(names):
        raise SignatureError(f"The input has shape {data.shape}; this model takes (rows, {len(names)}).")
    return pd.DataFrame(data, columns=list(names))


def _checked_rows(rows: Sequence[Any]) -> Sequence[Row]:
    for row in rows:
        if not isinstance(row, Mapping):
            raise SignatureError(f"{_TAKES}; this is a {type(rows).__qualname__} of {type(row).__qualname__}.")
    return rows


def _columns_of_frame(frame: pd.DataFrame, names: tuple[str, ...]) -> Mapping[str, pd.Series | list[Any]]:
    if frame.columns.empty and not len(frame):
        return {name: [] for name in names}
    wanted = frame.columns[frame.columns.isin(names)]
    if not wanted.is_unique:
        twins = ", ".join(map(_short, wanted[wanted.duplicated()].unique()[:3]))
        raise SignatureError(f"The input has several columns named {twins}; keep one of each.")
    return {name: frame[name] for name in wanted}


def _columns_of_rows(rows: Sequence[Row], names: tuple[str, ...]) -> Mapping[str, list[Any]]:
    try:
        return {name: [row[name] for row in rows] for name in names}
    except KeyError:  # a key that only some rows lack is as good as a column that is not there
        return {name: [row[name] for row in rows] for name in names if all(name in row for row in rows)}


def _refusal(problems: list[str]) -> str:
    count = f"{len(problems)} column does" if len(problems) == 1 else f"{len(problems)} columns do"
    message = f"{count} not fit the model's signature: {problems[0]}"
    for done, problem in enumerate(problems[1:], start=1):
        if len(message) + len(problem) > _LONGEST_MESSAGE - 30:
            return f"{message}; and {len(problems) - done} more."
        message = f"{message}; {problem}"
    return f"{message}."


def _short(name: object) -> str:
    text = repr(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 4]}...'"
