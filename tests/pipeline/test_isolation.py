import collections
import copy
import threading
import typing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from mlopskit.pipeline.isolation import isolated


def test_editing_a_frame_leaves_the_original_alone():
    frame = pd.DataFrame({"delay": [1.0, 2.0], "origin": ["JFK", "EWR"]})
    own = isolated(frame)
    own.loc[0, "delay"] = 99.0
    own["new"] = 1
    del own["origin"]
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"delay": [1.0, 2.0], "origin": ["JFK", "EWR"]}))


def test_editing_a_series_leaves_the_original_alone():
    series = pd.Series([1.0, 2.0])
    own = isolated(series)
    own.iloc[0] = 99.0
    assert series.tolist() == [1.0, 2.0]


def test_an_array_is_lent_read_only_and_not_copied():
    array = np.zeros(3)
    own = isolated(array)
    with pytest.raises(ValueError, match="read-only"):
        own[0] = 1
    assert np.shares_memory(own, array)
    array[0] = 1  # the owner still may


def test_a_model_that_is_fitted_again_is_another_model():
    X, y = np.arange(4.0).reshape(-1, 1), np.arange(4.0)
    model = make_pipeline(LinearRegression()).fit(X, y)
    isolated(model).fit(X, -y)
    assert model.predict(X)[-1] == pytest.approx(3.0)


def test_what_can_not_be_copied_is_shared():
    lock = threading.Lock()
    assert isolated({"lock": lock})["lock"] is lock


class Point(typing.NamedTuple):
    x: list
    y: int = 0


class Own(dict):
    pass


CHANGES = {
    "a list": ([1, [2]], lambda value: value[1].append(3)),
    "a dict in a tuple": (({"a": [1]},), lambda value: value[0]["a"].append(2)),
    "a set": ({1, 2}, lambda value: value.add(3)),
    "a set in a dict": ({"a": {1}}, lambda value: value["a"].add(2)),
    "a named tuple": (Point([1]), lambda value: value.x.append(2)),
    "a frame in a named tuple": (
        Point(pd.DataFrame({"x": [[1]]})), lambda value: value.x.loc[0, "x"].append(2),
    ),
    "a dict of own kind": (Own(a=[1]), lambda value: value["a"].append(2)),
    "a default dict": (collections.defaultdict(list, a=[1]), lambda value: value["b"].append(2)),
    "a counter": (collections.Counter("aab"), lambda value: value.update("a")),
    "a deque": (collections.deque([[1]]), lambda value: value[0].append(2)),
    "bytes that can be changed": (bytearray(b"a"), lambda value: value.extend(b"b")),
    "an array of objects": (np.array([[1], {"a": 1}], dtype=object), lambda value: value[0].append(2)),
    "the mask of an array": (
        np.ma.masked_array([1.0, 2.0], mask=[False, False]), lambda value: value.mask.__setitem__(0, True),
    ),
    "the cells of a series": (pd.Series([[1], None]), lambda value: value[0].append(2)),
    "the cells of a frame": (pd.DataFrame({"x": [None, [1]], "y": 1}), lambda value: value.loc[1, "x"].append(2)),
    "cells among strings": (pd.DataFrame({"x": ["a", [1]]}), lambda value: value.loc[1, "x"].append(2)),
    "cells among numbers": (pd.DataFrame({"x": [1, 1.5, {"a": 1}]}), lambda value: value.loc[2, "x"].update(b=2)),
    "cells among times": (
        pd.DataFrame({"x": [pd.Timestamp(0), [1]]}, dtype=object), lambda value: value.loc[1, "x"].append(2),
    ),
    "cells that hold arrays": (
        pd.DataFrame({"x": [np.zeros(2), np.ones(2)]}), lambda value: value.loc[0, "x"].__setitem__(0, 9),
    ),
    "columns of one name": (
        pd.DataFrame([[[1], 2]], columns=["x", "x"]), lambda value: value.iloc[0, 0].append(2),
    ),
    "values of a frame": (pd.DataFrame({"x": [1, 2]}), lambda value: value.__setitem__("x", 0)),
    "a frame in a list": ([pd.DataFrame({"x": [1, 2]})], lambda value: value[0].insert(0, "y", 0)),
    "the name of an index": (pd.DataFrame({"x": [1, 2]}), lambda value: setattr(value.index, "name", "row")),
    "the names of columns": (pd.DataFrame({"x": [1, 2]}), lambda value: setattr(value, "columns", ["y"])),
    "notes on a frame": (pd.DataFrame({"x": [1]}), lambda value: value.attrs.update(a=1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_in_place_stays_with_who_made_it(case):
    value, change = CHANGES[case]
    untouched, own = copy.deepcopy(value), isolated(value)
    assert repr(own) == repr(value)
    assert type(own) is type(value)
    change(own)
    assert repr(value) == repr(untouched)
    assert getattr(value, "attrs", {}) == {}


@pytest.mark.parametrize(
    "case", ["the cells of a frame", "cells among strings", "values of a frame", "columns of one name"]
)
def test_a_frame_of_its_own_is_the_same_frame(case):
    frame = CHANGES[case][0]
    pd.testing.assert_frame_equal(isolated(frame), frame)


def test_parts_that_are_one_object_stay_one():
    shared, frame = [1], pd.DataFrame({"x": [1]})
    own = isolated({"a": shared, "b": (shared, frame), "c": frame, "d": Own(e=shared)})
    assert own["a"] is own["b"][0] is own["d"]["e"]
    assert own["a"] is not shared
    assert own["c"] is own["b"][1]


def test_what_contains_itself():
    loop = [1]
    loop.append({"loop": loop})
    own = isolated(loop)
    assert own[1]["loop"] is own
    assert own is not loop


@pytest.mark.parametrize(
    "array",
    [np.matrix([[1.0]]), np.rec.array([(1, 2.0)], names="a,b"), np.array(1.0)],
    ids=["matrix", "records", "scalar"],
)
def test_other_arrays_are_lent_read_only_too(array):
    own = isolated(array)
    assert type(own) is type(array)
    assert not own.flags.writeable
    assert array.flags.writeable


nested = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3) | st.tuples(inner)
    ),
    max_leaves=10,
)


def containers(value):
    if isinstance(value, dict | list):
        yield id(value)
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


@settings(max_examples=50, deadline=None)
@given(nested)
def test_containers_come_back_equal_and_share_nothing_that_can_be_edited(value):
    own = isolated(value)
    assert own == value
    assert type(own) is type(value)
    assert not set(containers(own)) & set(containers(value))
