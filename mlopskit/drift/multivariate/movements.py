"""How each column moved by itself, in plain words and aggregates."""

from __future__ import annotations

import math

import attrs
import numpy as np
import numpy.typing as npt

from mlopskit.drift.multivariate.column_encoding import Floats
from mlopskit.drift.multivariate.encoding import Encoder, Feature
from mlopskit.drift.multivariate.normal_scores import NormalScores
from mlopskit.markup.values import decimals, format_number

UNMOVED = "by itself as before"
_MOST_PHRASES = 3
_SURE = 3.0


@attrs.frozen(eq=False)
class Marginals:
    """Count, sums and sums of squares of each feature; two samples' are merged by ``+``."""

    rows: int
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Marginals:
        """Sum a matrix that the encoder gave."""
        return cls(len(matrix), matrix.sum(axis=0), np.einsum("rf,rf->f", matrix, matrix))

    def __add__(self, other: Marginals) -> Marginals:
        """Merge."""
        return Marginals(self.rows + other.rows, self.sums + other.sums, self.squares + other.squares)


def describe(encoder: Encoder, before: Marginals, after: Marginals) -> dict[str, str]:
    """Say of each column how it moved by itself: what changed by more than three standard errors, the surest first.

    Examples
    --------
    >>> import pandas as pd
    >>> january = pd.DataFrame({"origin": ["JFK", "EWR", "EWR"] * 100, "distance": range(300)})
    >>> february = january.assign(distance=january["distance"] + 100)
    >>> encoder = Encoder.of(january)
    >>> before, after = (Marginals.of(encoder.encode(frame)) for frame in (january, february))
    >>> describe(encoder, before, after)["origin"]
    'by itself as before'
    >>> describe(encoder, before, after)["distance"]
    'typical value 152.0 -> 250.2'
    """
    missing_at = {each.column: at for at, each in enumerate(encoder.features) if each.kind == "missing"}
    missing = np.array([missing_at[each.column] if each.kind != "missing" else -1 for each in encoder.features])
    old, new = _Means.of(before, missing), _Means.of(after, missing)
    phrases: dict[str, list[tuple[float, str]]] = {name: [] for name in encoder.columns}
    z_of_mean, z_of_spread = old.shift(new), old.spread(new)
    for at in np.flatnonzero(np.abs(z_of_mean) > _SURE).tolist():
        feature = encoder.features[at]
        means = float(old.mean[at]), float(new.mean[at])
        phrases[feature.column].append((abs(z_of_mean[at]), _say(encoder, feature, *means)))
    for at in np.flatnonzero(np.abs(z_of_spread) > _SURE).tolist():
        feature = encoder.features[at]
        if feature.kind == "score":
            words = f"spread x {math.sqrt(new.variance[at] / old.variance[at]):.2f}"
            phrases[feature.column].append((abs(z_of_spread[at]), words))
    return {name: "; ".join(words for _, words in sorted(said, reverse=True)[:_MOST_PHRASES]) or UNMOVED
            for name, said in phrases.items()}  # fmt: skip


@attrs.frozen(eq=False)
class _Means:
    """Mean and variance of each feature over the rows whose value is not missing."""

    rows: Floats
    mean: Floats
    variance: Floats

    @classmethod
    def of(cls, sample: Marginals, missing: npt.NDArray[np.intp]) -> _Means:
        rows = sample.rows - np.where(missing >= 0, sample.sums[missing], 0.0)
        known = np.maximum(rows, 1.0)
        mean = sample.sums / known
        return cls(known, mean, np.maximum(sample.squares / known - mean**2, 0.0))

    def shift(self, other: _Means) -> Floats:
        """Give the change of the mean in standard errors, finite also between two constants."""
        both = self.rows + other.rows
        pooled = (self.rows * self.variance + other.rows * other.variance) / both
        pooled += self.rows * other.rows / both**2 * (other.mean - self.mean) ** 2
        error = np.sqrt(pooled * (1.0 / self.rows + 1.0 / other.rows))
        return np.divide(other.mean - self.mean, error, out=np.zeros_like(error), where=error > 0)

    def spread(self, other: _Means) -> Floats:
        """Give the change of the logarithm of the standard deviation in standard errors, as of normal values."""
        varies = (self.variance > 0) & (other.variance > 0)
        ratio = np.divide(other.variance, self.variance, out=np.ones_like(self.variance), where=varies)
        return np.log(ratio) / 2.0 / np.sqrt(0.5 / self.rows + 0.5 / other.rows)


def _say(encoder: Encoder, feature: Feature, before: float, after: float) -> str:
    column = encoder.columns[feature.column]
    if isinstance(column, NormalScores) and feature.kind == "score":
        values = [column.value_of(before), column.value_of(after)]
        places = decimals(values)
        return "typical value " + " -> ".join(format_number(value, places) for value in values)
    if feature.kind == "dimension":
        return f"dimension {feature.label} by {after - before:+.2f} deviations"
    name = {"flag": "true", "level": feature.label}.get(feature.kind, feature.kind)
    return f"{name} {_percent(before)} -> {_percent(after)}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share == 0 or 0.1 <= share <= 0.995 or share == 1 else f"{share:.1%}"
