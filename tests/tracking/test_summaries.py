import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.tracking.segments import segment_of
from mlopskit.tracking.summaries import Summaries

numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)
points = st.lists(st.tuples(st.sampled_from(["loss", "auc", "f1"]), numbers), max_size=40)


def segment(some):
    return segment_of([(name, step, step, value) for step, (name, value) in enumerate(some)])


def same(found, expected):
    return found == expected or (math.isnan(found) and math.isnan(expected)) or math.isclose(found, expected)


@given(pieces=st.lists(points, max_size=4))
def test_pieces_add_up_to_what_numpy_says_of_the_whole(pieces):
    summaries = Summaries(segment(some) for some in pieces)
    whole: dict[str, list[float]] = {}
    for some in pieces:
        for name, value in some:
            whole.setdefault(name, []).append(value)
    result = summaries.result()
    assert sorted(result) == sorted(whole)
    for name, values in whole.items():
        known = [value for value in values if not math.isnan(value)]
        assert same(result[name].last, values[-1])
        assert result[name].count == len(values)
        for found, reduce in ((result[name].min, np.min), (result[name].max, np.max)):
            assert same(found, reduce(known) if known else math.nan)
        with np.errstate(invalid="ignore"):
            expected = math.nan if not known else float(np.mean(known))
        assert same(result[name].mean, expected) or abs(result[name].mean - expected) < 1e-6 * max(map(abs, known))


def test_what_is_known_is_left_as_it_was():
    known = Summaries([segment([("loss", 1.0)])])
    more = Summaries([segment([("loss", 3.0), ("auc", 0.5)])], known=known)
    assert more.result()["loss"].mean == 2.0
    assert list(known.result()) == ["loss"]
    assert known.result()["loss"].count == 1
