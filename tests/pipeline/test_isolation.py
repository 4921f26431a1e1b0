import threading

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
