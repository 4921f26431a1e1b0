from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from mlopskit.drift.performance.features import FeatureEncoder
from mlopskit.errors import ValidationError

FRAME = pd.DataFrame(
    {
        "distance": [80, 760, 2475],
        "delay": pd.Series([1, None, 3], dtype="Int64"),
        "when": pd.to_datetime(["2013-01-01", None, "2013-01-02"]),
        "zoned": pd.to_datetime(["2013-01-01", None, "2013-01-02"]).tz_localize("America/New_York"),
        "took": pd.to_timedelta([1, 2, None], unit="h"),
        "origin": ["JFK", None, "JFK"],
        "carrier": pd.Categorical(["UA", "AA", "UA"], categories=["AA", "UA", "never"]),
        "night": [True, False, True],
        "nothing": [None, None, None],
        "embedding": [[3.0, 4.0], None, [0.0, 1.0]],
    }
)


def test_numbers_stay_and_categories_become_codes():
    encoder = FeatureEncoder(FRAME)
    found = dict(zip(FRAME, encoder.encode(FRAME).T, strict=True))
    assert found["distance"].tolist() == [80, 760, 2475]
    assert found["delay"] == pytest.approx([1, np.nan, 3], nan_ok=True)
    assert found["when"][2] - found["when"][0] == 86_400
    assert found["zoned"][2] - found["zoned"][0] == 86_400
    assert found["took"] == pytest.approx([3600, 7200, np.nan], nan_ok=True)
    assert found["origin"] == pytest.approx([0, np.nan, 0], nan_ok=True)
    assert found["carrier"].tolist() == [0, 1, 0]
    assert found["night"].tolist() == [0, 1, 0]
    assert np.isnan(found["nothing"]).all()
    assert found["embedding"] == pytest.approx([5, np.nan, 1], nan_ok=True)
    assert [list(FRAME)[place] for place in encoder.categorical] == ["origin", "carrier", "night", "nothing"]


def test_categories_that_the_reference_did_not_have_become_one_of_their_own():
    encoder = FeatureEncoder(pd.DataFrame({"origin": ["JFK", "EWR"]}))
    found = encoder.encode(pd.DataFrame({"origin": ["LGA", "BOS", "JFK", None]}))[:, 0]
    assert found[0] == found[1]
    assert found[2] != found[0]
    assert np.isnan(found[3])


def test_rare_ones_of_very_many_categories_are_taken_together():
    names = [f"N{number}" for number in range(1000) for _ in range(1 + (number < 200))]
    found = FeatureEncoder(pd.DataFrame({"tail": names})).encode(pd.DataFrame({"tail": names}))
    assert found.max() <= 254
    assert len(np.unique(found)) == 251


def test_columns_are_found_by_name_in_any_order_and_others_are_left_alone():
    encoder = FeatureEncoder(FRAME)
    other = FRAME[list(FRAME)[::-1]].assign(extra=1)
    assert encoder.encode(other) == pytest.approx(encoder.encode(FRAME), nan_ok=True)


def test_arrays_are_taken_by_place():
    rows = np.arange(6.0).reshape(3, 2)
    assert FeatureEncoder(rows).encode(rows).tolist() == rows.tolist()


def test_a_missing_column_is_named():
    with pytest.raises(ValidationError, match="X has no column 'origin', which the reference had: pass it too"):
        FeatureEncoder(FRAME).encode(FRAME.drop(columns="origin"))


def test_moments_of_any_type_become_the_same_seconds():
    moments = pd.DataFrame({"when": pd.to_datetime(["2013-01-01", "2013-01-02"])})
    found = [FeatureEncoder(moments).encode(other) for other in (moments, moments.astype(object))]
    assert found[0].tolist() == found[1].tolist()


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="two columns of X have the same name"):
        FeatureEncoder(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_another_kind_of_values_is_named_and_not_shown():
    with pytest.raises(ValidationError, match="in column 'distance'") as error:
        FeatureEncoder(FRAME).encode(FRAME.assign(distance="secret"))
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (FRAME[[]], "X has no columns: pass features, or leave X out"),
        (np.empty((3, 0)), "X has no columns"),
        (np.empty((3, 2, 1)), "X has no rows and columns: pass a DataFrame"),
        ([[1, 2], [3]], "X has no rows and columns: pass a DataFrame"),
    ],
)
def test_what_has_no_features_is_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        FeatureEncoder(given)


def test_infinite_values_stay_the_largest_and_can_be_learned_from():
    given = np.array([[-np.inf, 1.0], [0.0, np.inf], [1e308, np.nan]] * 20)
    found = FeatureEncoder(given).encode(given)
    assert np.argsort(found[:3, 0]).tolist() == [0, 1, 2]
    assert np.isnan(found[2, 1])
    HistGradientBoostingClassifier().fit(found, [0, 1, 1] * 20)  # a warning would be an error


def test_masked_values_are_missing():
    given = np.ma.array([[1.0], [2.0]], mask=[[False], [True]])
    assert FeatureEncoder(given).encode(given)[:, 0] == pytest.approx([1, np.nan], nan_ok=True)
