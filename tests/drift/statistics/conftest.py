"""Two samples in common cells, as a detector makes them."""

from __future__ import annotations

import numpy as np
import pytest

from mlopskit.drift.counting import number_cells
from mlopskit.drift.signals import samples
from mlopskit.drift.statistics import Sample


@pytest.fixture(scope="session")
def compare():
    """Compare numbers by a statistic."""

    def compare(statistic, reference, current):
        cells = [number_cells(np.asarray(each, dtype=float)) for each in (reference, current)]
        return statistic.compare(*samples(*cells, ordered=True))

    return compare


@pytest.fixture(scope="session")
def compare_counts():
    """Compare labels that are counted already."""

    def compare(statistic, reference, current):
        places = np.arange(len(reference), dtype=float)
        return statistic.compare(*(Sample(places, np.array(counts), ordered=False) for counts in (reference, current)))

    return compare
