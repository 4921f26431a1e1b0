import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlopskit.errors import SignatureError
from mlopskit.records.signature import MOST_VALUES, Signature


def sample():
    return pd.DataFrame(
        {
            "hour": [7, 8],
            "small": np.array([1, 2], dtype="int8"),
            "delay": [1.5, math.nan],
            "wind": np.array([1, 2], dtype="float32"),
            "weekend": [True, False],
            "origin": ["JFK", "EWR"],
            "tail": pd.Series(["N1", None], dtype=object),
            "carrier": pd.Categorical(["UA", "AA"]),
            "gate": pd.Categorical([3, 4]),
            "day": pd.to_datetime(["2013-01-01", "2013-01-02"]),
            "moment": pd.to_datetime(["2013-01-01", "2013-01-02"], utc=True),
            "seats": pd.array([150, None], dtype="Int64"),
            "delayed": pd.array([True, None], dtype="boolean"),
            "seen": pd.Series([True, None], dtype=object),
            "route": pd.Series([(1, 2), (3,)], dtype=object),
        }
    )


SIGNATURE = Signature.learn(sample())


def column_of(name):
    return next(column for column in SIGNATURE.columns if column.name == name)


def refusal(data, signature=SIGNATURE):
    with pytest.raises(SignatureError) as caught:
        signature.apply(data)
    return str(caught.value)


def row(**changes):
    return sample().to_dict("records")[0] | changes


def test_kinds_and_missing_values_are_learned():
    assert str(SIGNATURE) == (
        "hour: int, small: int, delay: float?, wind: float, weekend: bool, origin: string, tail: string?, "
        "carrier: category, gate: category, day: datetime, moment: datetime, seats: int?, delayed: bool?, seen: bool?, "
        "route: other"
    )


def test_few_texts_are_remembered_and_many_are_not():
    assert column_of("origin").values == ("JFK", "EWR")
    assert column_of("gate").values == (3, 4)
    many = pd.DataFrame({"tail": [str(number) for number in range(MOST_VALUES + 1)]})
    assert Signature.learn(many).columns[0].values == ()
    assert Signature.learn(many.astype("category")).apply(many)["tail"].tolist() == many["tail"].tolist()


@pytest.mark.parametrize("form", [lambda frame: frame, lambda frame: frame.to_dict("records")])
def test_what_was_learned_from_comes_back_the_same(form):
    pd.testing.assert_frame_equal(SIGNATURE.apply(form(sample())), sample())


def test_other_lossless_forms_become_the_learned_ones():
    frame = sample()
    other = frame.assign(
        hour=frame["hour"].astype("float32"),
        small=frame["small"].astype("UInt64"),
        delay=frame["delay"].astype(object),
        wind=[1, 2],
        weekend=[1, 0],
        origin=frame["origin"].astype("category"),
        tail=frame["tail"].astype("string"),
        carrier=frame["carrier"].astype(object),
        gate=frame["gate"].astype("float"),
        day=frame["day"].astype(str),
        moment=frame["moment"].dt.tz_convert("America/New_York"),
        seats=[150.0, math.nan],
        delayed=pd.Series([1, None], dtype=object),
    )
    pd.testing.assert_frame_equal(SIGNATURE.apply(other), frame)


def test_columns_are_reordered_and_others_dropped_and_the_index_kept():
    frame = sample().set_index(pd.Index([5, 3]))
    shuffled = frame[frame.columns[::-1]].assign(label=1)
    pd.testing.assert_frame_equal(SIGNATURE.apply(shuffled), frame)


def test_unseen_texts_and_categories_are_no_fault():
    fitted = SIGNATURE.apply(row(origin="LGA", carrier="WN", gate=9))
    assert fitted.loc[0, ["origin", "carrier", "gate"]].tolist() == ["LGA", "WN", 9]
    assert fitted["carrier"].cat.categories.tolist() == ["AA", "UA", "WN"]


def test_missing_values_are_let_through_where_models_impute_or_the_sample_had_them():
    names = ["delay", "wind", "origin", "tail", "carrier", "gate", "day", "moment", "seats", "delayed", "seen"]
    fitted = SIGNATURE.apply([row(**dict.fromkeys(names)), row()])
    assert fitted[names].isna().iloc[0].all()
    assert fitted["origin"].dtype == sample()["origin"].dtype
    assert fitted["tail"][0] is None  # as in the sample


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"hour": 5.5}, "is no int64 without loss"),
        ({"hour": math.inf}, "is no int64 without loss"),
        ({"hour": 2**63}, "is no int64 without loss"),
        ({"hour": 10**400}, "beyond what float64 can hold"),
        ({"hour": "7"}, "is not a number"),
        ({"hour": None}, "has missing values, and had none in the sample"),
        ({"small": 300}, "is no int8 without loss"),
        ({"small": -129}, "is no int8 without loss"),
        ({"delay": "late"}, "is not a number"),
        ({"delay": 2**53 + 1}, "is no float64 without loss"),
        ({"delay": 1j}, "is not a number"),
        ({"weekend": 2}, "is no bool without loss"),
        ({"weekend": "True"}, "is not a number"),
        ({"weekend": None}, "has missing values, and had none in the sample"),
        ({"origin": 5}, "is not text"),
        ({"carrier": 5}, "is not text"),
        ({"gate": "A"}, "is not a number"),
        ({"day": "soon"}, "is not a date and time in ISO 8601"),
        ({"day": 20130101}, "is not a date and time"),
        ({"day": "2013-01-01T00:00Z"}, "has a time zone, unlike the sample"),
        ({"moment": "2013-01-01"}, "has no time zone, unlike the sample"),
        ({"seats": 1.5}, "is no int64 without loss"),
    ],
)
def test_what_would_lose_or_make_up_something_is_refused(wrong, problem):
    (name,) = wrong
    assert refusal(row(**wrong)).startswith(f"1 column does not fit the model's signature: '{name}' ")
    assert f"{problem}" in refusal(row(**wrong))
    assert problem in refusal(pd.DataFrame([row(**wrong)], dtype=object))


def test_an_unsigned_number_too_large_is_no_negative_one():
    frame = pd.DataFrame({"hour": np.array([2**63 + 5], dtype="uint64")})
    assert "without loss" in refusal(frame, Signature.learn(sample()[["hour"]]))


def test_rows_are_counted_and_the_first_is_named():
    rows = [row(), row(hour="x", origin=1), row(), row(hour="y")]
    assert refusal(rows) == (
        "2 columns do not fit the model's signature: 'hour' is not a number (2 rows, first 1); "
        "'origin' is not text (1 row, first 1)."
    )
    gaps = [row(seats=None), row(seats="x")]
    assert "(1 row, first 1)" in refusal(gaps)


def test_all_problems_are_in_one_short_message_without_data():
    secret = "4111-1111"
    message = refusal({name: secret for name in SIGNATURE.names if name != "hour"})
    assert message.startswith(
        "11 columns do not fit the model's signature: 'hour' is not there; 'small' is not a number"
    )
    assert message.endswith("more.")
    assert len(message) < 300
    assert secret not in message


@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=40, unique=True))
@settings(max_examples=50, deadline=None)
def test_the_message_stays_short_whatever_columns_are_called(names):
    signature = Signature.learn(pd.DataFrame({name: [1] for name in names}))
    assert len(refusal({}, signature)) < 300


def test_a_key_that_some_rows_lack_is_missing():
    incomplete = row()
    del incomplete["hour"]
    assert "'hour' is not there" in refusal([row(), incomplete])


@pytest.mark.parametrize("data", [3, "JFK", None, [3], [[1, 2]]])
def test_other_types_are_refused_with_what_to_give(data):
    assert "A model takes a DataFrame, a 2-D array, a dict for one row or a list of dicts" in refusal(data)


def test_an_array_stands_for_the_columns_in_order():
    signature = Signature.learn(sample()[["hour", "wind"]])
    assert signature.apply(np.array([[1.0, 2.5]])).to_dict("records") == [{"hour": 1, "wind": 2.5}]
    assert "(rows, 2)" in refusal(np.ones((2, 3)), signature)
    assert "(rows, 2)" in refusal(np.ones(2), signature)


@pytest.mark.parametrize("nothing", [[], pd.DataFrame(), sample().head(0)])
def test_no_rows_stay_no_rows(nothing):
    fitted = SIGNATURE.apply(nothing)
    assert fitted.shape == (0, 15)
    assert fitted["hour"].dtype == "int64"


def test_twin_columns_are_refused_if_the_model_needs_them():
    signature = Signature.learn(sample()[["hour"]])
    twins = pd.DataFrame([[1, 2, 3, 4]], columns=["hour", "note", "note", "x"])
    assert signature.apply(twins).to_dict("records") == [{"hour": 1}]
    twins.columns = ["hour", "hour", "note", "x"]
    assert "several columns named 'hour'" in refusal(twins, signature)


@pytest.mark.parametrize("columns", [[1, 2], ["a", "a"]])
def test_a_sample_needs_unique_texts_as_names(columns):
    with pytest.raises(SignatureError, match="texts as names"):
        Signature.learn(pd.DataFrame([[1, 2]], columns=columns))


def test_the_callers_frame_is_left_alone():
    frame = sample()
    fitted = SIGNATURE.apply(frame)
    fitted.loc[:, "hour"] = 0
    fitted.loc[:, "origin"] = "LGA"
    pd.testing.assert_frame_equal(frame, sample())


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64), st.floats(), st.text(max_size=3), st.just(b"x"), st.just([])
)


@given(st.dictionaries(st.sampled_from(SIGNATURE.names), VALUES))
@example({"hour": -(2**63) - 1})
@settings(max_examples=200, deadline=None)
def test_any_row_is_brought_into_form_or_refused(changes):
    try:
        fitted = SIGNATURE.apply(row(**changes))
    except SignatureError:
        return
    pd.testing.assert_series_equal(fitted.drop(columns="route").dtypes, SIGNATURE.apply(fitted).dtypes.drop("route"))
    for name in ("hour", "small", "delay", "weekend"):
        if changes.get(name) is not None and changes[name] == changes[name]:
            assert fitted[name].item() == changes[name]


def test_a_frame_in_the_models_form_is_given_as_it_is():
    frame = pd.DataFrame({"hour": [6, 17], "origin": pd.Series(["JFK", "EWR"], dtype=object), "late": [True, False]})
    signature = Signature.learn(frame)
    fitted = signature.apply(frame)
    pd.testing.assert_frame_equal(fitted, frame)
    fitted.loc[0, "hour"] = 0
    assert frame["hour"].tolist() == [6, 17]
    for value in (3, None, b"JFK"):
        with_other = frame.assign(origin=pd.Series(["JFK", value], dtype=object))
        if value is None:
            assert signature.apply(with_other)["origin"].isna().tolist() == [False, True]
        else:
            with pytest.raises(SignatureError, match="not text"):
                signature.apply(with_other)


def test_the_range_of_the_sample_is_kept_for_the_record():
    frame = pd.DataFrame({"a": [1, 5], "b": [np.inf, 0.5], "c": [np.nan, np.nan], "d": ["x", "y"]})
    found = {column.name: (column.low, column.high) for column in Signature.learn(frame).columns}
    assert found == {"a": (1.0, 5.0), "b": (0.5, 0.5), "c": (None, None), "d": (None, None)}
