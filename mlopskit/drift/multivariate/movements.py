"""How each column moved by itself, in plain words and aggregates."""

from __future__ import annotations

import math
from collections import defaultdict

import attrs
import numpy as np

from mlopskit.drift.multivariate.column_encoding import Floats, NormalScores
from mlopskit.drift.multivariate.encoding import Encoder
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


@attrs.frozen
class _Phrase:
    z: float
    words: str


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
    phrases: dict[str, list[_Phrase]] = defaultdict(list)
    position_of_missing = {each.column: at for at, each in enumerate(encoder.features) if each.kind == "missing"}
    for position, feature in enumerate(encoder.features):
        missing = position_of_missing[feature.column]
        sides = [_Side.of(sample, position, None if position == missing else missing) for sample in (before, after)]
        if min(side.rows for side in sides) < 2 or feature.kind == "dimension":
            continue
        if feature.kind == "score":
            column = encoder.columns[feature.column]
            assert isinstance(column, NormalScores)
            phrases[feature.column] += _of_score(column, *sides)
        else:
            name = {"flag": "true", "level": feature.label}.get(feature.kind, feature.kind)
            words = f"{name} {_percent(sides[0].mean)} -> {_percent(sides[1].mean)}"
            phrases[feature.column].append(_Phrase(_z_of_means(*sides), words))
    return {name: _surest(phrases[name]) for name in encoder.columns}


@attrs.frozen
class _Side:
    rows: float
    mean: float
    variance: float

    @classmethod
    def of(cls, sample: Marginals, position: int, missing: int | None) -> _Side:
        rows = sample.rows - (0.0 if missing is None else float(sample.sums[missing]))
        mean = float(sample.sums[position]) / max(rows, 1.0)
        return cls(rows, mean, max(float(sample.squares[position]) / max(rows, 1.0) - mean**2, 0.0))


def _of_score(column: NormalScores, before: _Side, after: _Side) -> list[_Phrase]:
    values = [column.value_of(side.mean) for side in (before, after)]
    places = decimals(values)
    typical = " -> ".join(format_number(value, places) for value in values)
    phrases = [_Phrase(_z_of_means(before, after), f"typical value {typical}")]
    if min(before.variance, after.variance) > 0:
        ratio = math.sqrt(after.variance / before.variance)
        z = math.log(ratio) / math.sqrt(0.5 / before.rows + 0.5 / after.rows)
        phrases.append(_Phrase(z, f"spread x {ratio:.2f}"))
    return phrases


def _z_of_means(before: _Side, after: _Side) -> float:
    pooled = (before.variance * before.rows + after.variance * after.rows) / (before.rows + after.rows)
    total = pooled + ((after.mean - before.mean) / 2) ** 2  # so that a change between two constants is finite
    error = math.sqrt(total * (1 / before.rows + 1 / after.rows))
    return (after.mean - before.mean) / error if error > 0 else 0.0


def _surest(phrases: list[_Phrase]) -> str:
    sure = sorted((each for each in phrases if abs(each.z) > _SURE), key=lambda each: -abs(each.z))
    return "; ".join(each.words for each in sure[:_MOST_PHRASES]) or UNMOVED


def _percent(share: float) -> str:
    return f"{share:.0%}" if share == 0 or 0.1 <= share <= 0.995 or share == 1 else f"{share:.1%}"
