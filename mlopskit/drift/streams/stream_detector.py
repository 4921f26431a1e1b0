"""What every stream detector has: parameters that stay as they are, and a state that each value moves on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.streams.scans import Floats
from mlopskit.errors import ValidationError

LARGEST = 1e140  # so that sums of squares stay finite
FIRST_BLOCK = 1024
_NUMBERS = (Real, np.bool_)


@attrs.define
class StreamState:
    """What a detector has seen; plain numbers and lists, so that it can be kept as JSON."""

    n: int = 0
    drift: bool = False


@attrs.frozen
class StreamDetector(ABC):
    """Raises an alarm when the values of a stream begin to differ from those before.

    A detector starts anew with the value after an alarm. Parameters can not be changed: make another detector. Two
    detectors are equal when class, parameters and state are.

    Values are finite numbers of at most 1e140 in size. Anything else, NaN and masked ones among it, is refused before
    the state changes, since it would silence most detectors for good and a silent skip would hide that data is missing.
    """

    _state: StreamState = attrs.field(init=False, factory=StreamState, repr=False)
    _takes: ClassVar[str] = "finite numbers of at most 1e140 in size"
    _remedy: ClassVar[str] = "drop or impute missing values first"
    _longest_block: ClassVar[int] = 65_536

    @property
    def n(self) -> int:
        """How many values this detector has seen since it began, was reset, or started anew after an alarm."""
        return self._state.n

    @property
    def drift_detected(self) -> bool:
        """Whether the latest value raised an alarm."""
        return self._state.drift

    def update(self, x: float) -> bool:
        """Take the next value, and tell whether it raises an alarm.

        Parameters
        ----------
        x : float
            A number; int, bool, fractions and NumPy's scalars are taken as well.

        Raises
        ------
        ValidationError
            The value is not one that this detector takes.
        """
        value = x if type(x) is float else _as_float(x)
        if not self._allows(value):
            raise ValidationError(f"{type(self).__name__} takes {self._takes}, and this is none: {self._remedy}")
        if self._state.drift:
            self.reset()
        self._step(value)
        return self._state.drift

    def update_many(self, values: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Take the next values at once: the same alarms and state as `update` on each, and much faster.

        Parameters
        ----------
        values : array-like, shape (n,)
            Numbers, such as an array, a list or a Series.

        Returns
        -------
        ndarray of int
            The positions in `values` that raised an alarm, in order.

        Raises
        ------
        ValidationError
            The values are not numbers in one dimension, or one of them is not what this detector takes. None of them
            has been taken then.
        """
        array = self._checked(values)
        alarms: list[int] = []
        begin, size = 0, FIRST_BLOCK
        while begin < len(array):
            if self._state.drift:
                self.reset()
            begin += self._scan(array[begin : begin + size])
            size = min(2 * size, self._longest_block)
            if self._state.drift:  # the values behind it are scanned again: expect as many as before the next one
                alarms.append(begin - 1)
                size = min(FIRST_BLOCK + self._state.n // 2, self._longest_block)
        return np.array(alarms, dtype=np.intp)

    def reset(self) -> None:
        """Forget every value; the parameters stay."""
        object.__setattr__(self, "_state", type(self._state)())

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn calls it so
        """Give the parameters by name, as scikit-learn does."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self)) if field.init}

    @abstractmethod
    def _step(self, x: float) -> None:
        """Move the state on by one value; it is not in alarm."""

    @abstractmethod
    def _scan(self, block: Floats) -> int:
        """Do as `_step` on each of the first values, and return how many they were.

        It ends with the first value that raises an alarm, at the latest; it may end sooner, but takes one at least.
        """

    def _allows(self, values: Any) -> Any:
        """Tell for a float, or for each of an array, whether it may be taken."""
        return abs(values) <= LARGEST

    def _checked(self, values: npt.ArrayLike) -> Floats:
        array = np.asanyarray(values)
        if array.size == 0 and array.ndim == 1:
            return np.empty(0)
        if array.dtype == object and array.ndim == 1 and all(isinstance(value, _NUMBERS) for value in array):
            array = np.array([_as_float(value) for value in array])
        if array.ndim != 1 or array.dtype.kind not in "biuf":
            raise ValidationError(
                f"{type(self).__name__} takes numbers in one dimension, not {array.dtype} of shape {array.shape}: "
                "pass one column, converted by pandas.to_numeric if need be"
            )
        floats = np.asarray(np.ma.filled(array.astype(np.float64, copy=False), np.nan))  # masked values are missing
        allowed = self._allows(floats)
        if not allowed.all():
            position = int(allowed.argmin())
            raise ValidationError(
                f"{type(self).__name__} takes {self._takes}, and position {position} holds none: {self._remedy}"
            )
        return floats


def _as_float(x: object) -> float:
    if not isinstance(x, _NUMBERS):
        raise ValidationError(f"a stream is made of numbers, not of {type(x).__name__}: convert it first")
    try:
        return float(x)
    except OverflowError:  # an int or a fraction that is larger than any float
        return np.inf
