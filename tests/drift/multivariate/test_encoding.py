import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mlopskit.drift.multivariate.encoding import Encoder
from mlopskit.errors import ValidationError


def frame(rows=500, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "distance": random.normal(size=rows),
            "stops": random.poisson(2, rows),
            "origin": random.choice(["EWR", "JFK", "LGA"], rows),
            "late": random.random(rows) < 0.2,
            "when": pd.Timestamp("2013-01-01", tz="UTC") + pd.to_timedelta(random.integers(0, 5000, rows), unit="m"),
            "vector": list(random.normal(size=(rows, 3))),
        }
    )


def test_each_feature_knows_its_column():
    encoder = Encoder.of(frame())
    kinds = [(feature.column, feature.kind) for feature in encoder.features]
    assert kinds[:3] == [("distance", "score"), ("late", "flag"), ("origin", "level")]
    assert kinds.count(("vector", "dimension")) == 3
    assert kinds[-5:] == [(name, "missing") for name in ("distance", "late", "origin", "stops", "vector")]
    assert encoder.encode(frame()).shape == (500, len(kinds))


def test_moments_are_encoded_only_when_asked_for():
    assert "when" not in Encoder.of(frame()).columns
    encoder = Encoder.of(frame(), columns=["when"])
    assert [feature.kind for feature in encoder.features] == ["score", "missing"]
    later = frame().assign(when=lambda rows: rows["when"] + pd.Timedelta("30D"))
    assert (encoder.encode(later)[:, 0] > 2).all()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, 2, None] * 20, dtype="Int64"), "score"),
        (pd.Series([1.5, 2, None] * 20, dtype="Float32"), "score"),
        (pd.Series([Decimal(1), Decimal(2), None] * 20), "score"),
        (pd.Series([1, 2.5, None] * 20, dtype=object), "score"),
        (pd.Series([True, False, None] * 20, dtype="boolean"), "flag"),
        (pd.Series([True, False, None] * 20, dtype=object), "flag"),
        (pd.Series(["a", "b", None] * 20, dtype="string"), "level"),
        (pd.Series(["a", "b", None] * 20, dtype="category"), "level"),
        (pd.Series([None, None, None] * 20, dtype=object), "other"),
        (pd.Series([[1.0], [2.0], None] * 20), "dimension"),
    ],
)
def test_every_kind_of_column_is_encoded(values, kind):
    encoder = Encoder.of(pd.DataFrame({"x": values}))
    matrix = encoder.encode(pd.DataFrame({"x": values}))
    assert encoder.features[0].kind == kind
    assert np.isfinite(matrix).all()
    assert matrix[:, -1].tolist() == values.isna().astype(float).tolist()
    assert not matrix[values.isna().to_numpy(), :-1].any()


@pytest.mark.parametrize("stray", ["n/a", None, [1], 1j, pd.Timestamp("2013-01-01"), {"a": 1}])
def test_one_stray_value_among_numbers_is_missing_and_blinds_to_no_other(stray):
    numbers = np.random.default_rng(0).normal(size=500)
    with_stray = pd.Series([stray, *numbers[1:]], dtype=object)
    encoder = Encoder.of(pd.DataFrame({"x": with_stray}))
    found = encoder.encode(pd.DataFrame({"x": with_stray}))
    assert [feature.kind for feature in encoder.features] == ["score", "missing"]
    assert found[:, 1].tolist() == [1, *[0] * 499]
    assert np.corrcoef(found[1:, 0], numbers[1:])[0, 1] > 0.95
    assert (encoder.encode(pd.DataFrame({"x": with_stray.iloc[1:] + 10}))[:, 0] > 1.5).all()


def test_one_stray_value_among_vectors_is_missing_and_blinds_to_no_other():
    vectors = [*np.random.default_rng(0).normal(size=(99, 2)), "n/a"]
    encoder = Encoder.of(pd.DataFrame({"x": vectors}))
    found = encoder.encode(pd.DataFrame({"x": vectors}))
    assert [feature.kind for feature in encoder.features] == ["dimension", "dimension", "missing"]
    assert found[:, 2].tolist() == [*[0] * 99, 1]


def test_texts_that_read_as_numbers_stay_levels_and_so_do_mostly_texts():
    mostly = pd.Series(["a", "b", 1.5] * 20, dtype=object)
    frame = pd.DataFrame({"zip": ["01234", "99999"] * 30, "mostly": mostly, "flags": [True, "yes", 1] * 20})
    assert {feature.kind for feature in Encoder.of(frame).features} == {"level", "other", "missing"}


def test_a_number_that_no_float_holds_is_infinite():
    encoder = Encoder.of(pd.DataFrame({"x": np.arange(100.0)}))
    found = encoder.encode(pd.DataFrame({"x": pd.Series([10**400, -(10**400), "n/a"], dtype=object)}))
    assert found.tolist() == [[encoder.columns["x"].scores[-1], 0], [encoder.columns["x"].scores[0], 0], [0, 1]]


def test_lists_of_texts_are_levels():
    encoder = Encoder.of(pd.DataFrame({"tags": [["new", "red"], ["old"]] * 50}))
    assert [feature.name for feature in encoder.features[:2]] == ["tags = ['new', 'red']", "tags = ['old']"]


def test_arrow_columns():
    pytest.importorskip("pyarrow")
    plain = frame()[["distance", "stops", "origin", "late"]]
    arrow = plain.convert_dtypes(dtype_backend="pyarrow")
    assert np.array_equal(Encoder.of(plain).encode(plain), Encoder.of(arrow).encode(arrow))


def test_a_column_that_is_gone_is_missing_and_one_of_another_kind_too():
    encoder = Encoder.of(frame())
    missing = [feature.kind == "missing" for feature in encoder.features]
    changed = encoder.encode(frame().drop(columns="origin").assign(stops="three"))[:, missing]
    assert changed.mean(axis=0).tolist() == [0, 0, 1, 1, 0]


def test_an_array_is_one_column():
    matrix = np.random.default_rng(0).normal(size=(50, 4))
    assert list(Encoder.of(matrix).columns) == ["embedding"]
    assert Encoder.of(matrix).encode(matrix).shape == (50, 5)


def test_rows_and_columns_in_any_order():
    encoder, rows = Encoder.of(frame()), frame(seed=1)
    order = np.random.default_rng(0).permutation(len(rows))
    assert np.array_equal(encoder.encode(rows.iloc[order, ::-1]), encoder.encode(rows)[order])
    assert Encoder.of(frame().iloc[:, ::-1]).to_json() == encoder.to_json()


def test_it_comes_back_from_json():
    encoder = Encoder.of(frame())
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))
    assert again.features == encoder.features
    assert np.array_equal(again.encode(frame(seed=1)), encoder.encode(frame(seed=1)))


def test_what_can_not_be_encoded_is_named():
    with pytest.raises(ValidationError, match="no column 'dest': it has distance"):
        Encoder.of(frame(), columns=["dest"])
    with pytest.raises(ValidationError, match="same name"):
        Encoder.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValidationError, match="no column to encode"):
        Encoder.of(frame()[["when"]])
    with pytest.raises(TypeError, match="not a list"):
        Encoder.of([1, 2])
    for array, dtype in ((np.array([["planted"]]), "<U7"), (np.ones((2, 2)) * 1j, "complex128")):
        with pytest.raises(TypeError, match=f"array of numbers is needed here, not one of {dtype}$"):
            Encoder.of(array)
