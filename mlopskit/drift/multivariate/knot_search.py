"""Between which knots numbers lie: what bisection answers, several times as fast where knots are spread evenly."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_CELLS = 2048
_MOST_COMPARED = 6


@attrs.frozen(eq=False)
class KnotSearch:
    """Counts the knots below numbers.

    A grid over the knots says at once how many lie in its lower cells, and only the few in the same cell are left to
    compare with. Where they are many, as in long tails, it bisects.

    Examples
    --------
    >>> KnotSearch.of(np.array([1.0, 2.0])).below(np.array([-np.inf, 1.0, 1.5, 9.0]))
    array([0, 0, 1, 2])
    """

    knots: Floats
    start: float
    density: float
    knots_before: Positions
    most_in_cell: int

    @classmethod
    def of(cls, knots: Floats) -> KnotSearch:
        """Lay the grid over knots in ascending order."""
        width = float(knots[-1] - knots[0]) if len(knots) else 0.0
        start, density = float(knots[0]) if len(knots) else 0.0, (_CELLS - 1) / width if width > 1e-280 else 0.0
        in_cell = np.bincount(_cells_of(knots, start, density), minlength=_CELLS)
        return cls(knots, start, density, np.cumsum(in_cell) - in_cell, int(in_cell.max()))

    def below(self, numbers: Floats) -> Positions:
        """Count, for each number, the knots below it; any count for a NaN."""
        if self.most_in_cell > _MOST_COMPARED:
            return np.searchsorted(self.knots, numbers, side="left")
        knots = np.append(self.knots, np.inf)
        counts = self.knots_before[_cells_of(numbers, self.start, self.density)]
        for _ in range(self.most_in_cell):
            counts += numbers > knots[counts]
        return counts


def _cells_of(numbers: Floats, start: float, density: float) -> Positions:
    with np.errstate(over="ignore", invalid="ignore"):
        places = (numbers - start) * density
    bounded: Floats = np.fmin(np.fmax(places, 0.0), _CELLS - 1.0)  # a NaN becomes 0
    return bounded.astype(np.intp)
