"""What "comes back exactly" means, and the pandas objects that must."""

import datetime as dt
import decimal
import io
import zoneinfo
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mlopskit.storage.serializers import serializer_named

HAS_ARROW = find_spec("pyarrow") is not None
HAS_NAN_STRINGS = pd.__version__ >= "2.3"


class WriteOnly:
    """A file with nothing but ``write``."""

    def __init__(self):
        self._pieces = []

    def write(self, data):
        self._pieces.append(bytes(data))

    def content(self):
        return b"".join(self._pieces)


def write(serializer, value):
    file = WriteOnly()
    serializer.write(value, file)
    return file.content()


def read(serializer, data, version=None):
    return serializer.read(io.BytesIO(data), version or serializer.version)


@pytest.fixture(scope="session")
def to_bytes():
    return lambda name, value: write(serializer_named(name), value)


@pytest.fixture(scope="session")
def from_bytes():
    return lambda name, data, version=None: read(serializer_named(name), data, version)


@pytest.fixture(scope="session")
def round_trip():
    def there_and_back(name, value):
        serializer = serializer_named(name)
        assert serializer.accepts(value)
        return read(serializer, write(serializer, value))

    return there_and_back


# -- exactness ----------------------------------------------------------------------------------


def assert_exact(one, other):
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        assert_exact_frame(one, other)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other, check_exact=True, check_freq=True)
        assert_same_traits(one, other)
        assert_exact(one.name, other.name)
        assert_exact_index(one.index, other.index)
        assert_exact_values(one.array, other.array)
    elif isinstance(one, pd.Index):
        assert_exact_index(one, other)
    elif isinstance(one, np.ndarray):
        assert_exact_array(one, other)
    else:
        assert_exact_scalar(one, other)


def assert_exact_frame(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True, check_freq=True, check_column_type=True)
    assert_same_traits(one, other)
    assert_exact_index(one.index, other.index)
    assert_exact_index(one.columns, other.columns)
    for place in range(one.shape[1]):
        assert_exact_values(one.iloc[:, place].array, other.iloc[:, place].array)


def assert_same_traits(one, other):
    assert one.flags.allows_duplicate_labels == other.flags.allows_duplicate_labels
    assert_exact(one.attrs, other.attrs)


def assert_exact_index(one, other):
    assert type(one) is type(other)
    assert list(one.names) == list(other.names)
    pd.testing.assert_index_equal(one, other, exact=True, check_exact=True)
    if isinstance(one, pd.MultiIndex):
        for mine, yours in zip(one.levels, other.levels, strict=True):
            assert_exact_index(mine, yours)
        for mine, yours in zip(one.codes, other.codes, strict=True):
            assert list(mine) == list(yours)
        return
    assert getattr(one, "freq", None) == getattr(other, "freq", None)
    if not isinstance(one, pd.RangeIndex):
        assert_exact_values(one.array, other.array)


def assert_exact_values(one, other):
    assert type(one) is type(other)
    assert one.dtype == other.dtype
    if isinstance(one, pd.Categorical):
        assert one.ordered == other.ordered
        assert list(one.codes) == list(other.codes)
        assert_exact_index(one.categories, other.categories)
    elif isinstance(one.dtype, np.dtype) and one.dtype != object:
        assert_exact_array(one.to_numpy(), other.to_numpy())
    elif isinstance(one, pd.arrays.FloatingArray):
        assert_exact_array(one._mask, other._mask)
        kept = ~one._mask
        assert_exact_array(one._data[kept], other._data[kept])
    else:
        for mine, yours in zip(one, other, strict=True):
            assert_exact_scalar(mine, yours)


def assert_exact_array(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    if one.dtype.names:  # the bytes between aligned fields are nobody's
        for field in one.dtype.names:
            assert_exact_array(one[field], other[field])
        return
    assert one.tobytes() == other.tobytes()


def assert_exact_scalar(one, other):
    assert type(one) is type(other)
    if isinstance(one, tuple | list):
        for mine, yours in zip(one, other, strict=True):
            assert_exact_scalar(mine, yours)
    elif isinstance(one, dict):
        assert_exact_scalar(list(one.items()), list(other.items()))
    elif isinstance(one, pd.DataFrame | pd.Series | pd.Index | np.ndarray):
        assert_exact(one, other)
    elif isinstance(one, pd.Timestamp | pd.Timedelta):
        assert (one, one.unit, getattr(one, "tz", None)) == (other, other.unit, getattr(other, "tz", None))
    elif isinstance(one, dt.datetime | dt.time):
        assert (one, one.fold, one.tzinfo) == (other, other.fold, other.tzinfo)
    else:
        assert repr(one) == repr(other)


@pytest.fixture(scope="session")
def exact():
    return assert_exact


# -- values -------------------------------------------------------------------------------------

UNITS = ("s", "ms", "us", "ns")
ZONES = [
    dt.UTC,
    dt.timezone(dt.timedelta(hours=5, minutes=45)),
    zoneinfo.ZoneInfo("Europe/Berlin"),
    zoneinfo.ZoneInfo("America/New_York"),
]
NUMPY_DTYPES = ["bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)), "float32", "float64"]
MASKED_DTYPES = ["boolean", *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))]

texts = st.text(max_size=6)
moments = st.integers(-(10**9), 2 * 10**9)


def arrays(dtype, rows):
    return npst.arrays(dtype, rows)


@st.composite
def masked(draw, rows):
    dtype = draw(st.sampled_from(MASKED_DTYPES))
    values = draw(arrays(pd.array([], dtype=dtype).dtype.numpy_dtype, rows))
    mask = draw(arrays(bool, rows))
    return pd.array([], dtype=dtype).dtype.construct_array_type()(values, mask)


@st.composite
def nullable_floats(draw, rows):
    values = draw(arrays(draw(st.sampled_from(["float32", "float64"])), rows))
    return pd.arrays.FloatingArray(values, draw(arrays(bool, rows)))


@st.composite
def dates(draw, rows):
    values = draw(st.lists(st.none() | moments, min_size=rows, max_size=rows))
    ticks = np.array(["NaT" if value is None else value for value in values], dtype="M8[s]")
    return ticks.astype(f"M8[{draw(st.sampled_from(UNITS))}]")


@st.composite
def zoned(draw, rows):
    zone = draw(st.sampled_from(ZONES))
    return pd.DatetimeIndex(draw(dates(rows))).tz_localize("UTC").tz_convert(zone).array


@st.composite
def spans(draw, rows):
    return draw(dates(rows)).view("i8").view(f"m8[{draw(st.sampled_from(UNITS))}]")


def string_dtypes():
    kinds = [pd.StringDtype("python")]
    if HAS_NAN_STRINGS:
        kinds.append(pd.StringDtype("python", na_value=np.nan))
    if HAS_ARROW:
        kinds.append(pd.StringDtype("pyarrow"))
    if HAS_ARROW and HAS_NAN_STRINGS:
        kinds.append(pd.StringDtype("pyarrow", na_value=np.nan))
    return st.sampled_from(kinds)


@st.composite
def strings(draw, rows):
    values = draw(st.lists(st.none() | texts, min_size=rows, max_size=rows))
    return pd.array(np.array([*values, None], dtype=object)[:-1], dtype=draw(string_dtypes()))


@st.composite
def object_texts(draw, rows):
    missing = draw(st.sampled_from([None, np.nan, pd.NA]))
    values = draw(st.lists(st.just(missing) | texts, min_size=rows, max_size=rows))
    return np.array([*values, None], dtype=object)[:-1]


@st.composite
def categories(draw, rows):
    pool = st.sampled_from([texts, st.integers(-5, 5), st.floats(-4, 4, width=16), st.booleans()])
    values = draw(st.lists(draw(pool), unique=True, max_size=5))
    codes = draw(st.lists(st.integers(-1, len(values) - 1), min_size=rows, max_size=rows))
    index = pd.Index(values) if values else pd.Index([], dtype=object)
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(index, draw(st.booleans())))


@st.composite
def periods(draw, rows):
    ordinals = draw(st.lists(st.integers(0, 1000), min_size=rows, max_size=rows))
    return pd.PeriodIndex.from_ordinals(ordinals, freq=draw(st.sampled_from(["D", "M", "2M", "h", "Q-NOV"]))).array


@st.composite
def intervals(draw, rows):
    lows = draw(arrays("int16", rows)).astype("int64")
    closed = draw(st.sampled_from(["left", "right", "both", "neither"]))
    lows, highs = (lows, lows + 1) if draw(st.booleans()) else (lows.astype("M8[us]"), (lows + 1).astype("M8[us]"))
    return pd.arrays.IntervalArray.from_arrays(lows, highs, closed)


SCALARS = [
    *(
        None,
        np.nan,
        pd.NA,
        pd.NaT,
        True,
        False,
        0,
        -1,
        10**30,
        -0.0,
        1.5,
        np.inf,
        "",
        "text",
        "\ud800",
        b"",
        b"\x00\xff",
        1j,
    ),
    *(decimal.Decimal("1.10"), decimal.Decimal("NaN"), dt.date(2026, 1, 2), dt.time(3, 4, 5, 6), dt.timedelta(days=-1)),
    *(dt.datetime(2026, 1, 2, 3, 4, 5), dt.datetime(2025, 10, 26, 2, 30, tzinfo=ZONES[2], fold=1)),  # noqa: DTZ001
    *(pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-02 03:04:05.123456789", tz="Europe/Berlin")),
    *(pd.Timestamp(1, unit="s", tz="UTC").as_unit("ms"), pd.Timedelta("1 day 2 ns"), pd.Period("2026-01", "M")),
    *(pd.Interval(0, 1, "both"), np.int8(3), np.float32(0.1), np.bool_(True), np.datetime64("2026-01-02", "D")),
    *((), (1, ("a", None)), [], [1, [2.0]], {}, {"a": [1], ("b", 2): dt.date(2026, 1, 1)}, ["decimal", "1"]),
]


@st.composite
def mixed(draw, rows):
    cells = draw(st.lists(st.sampled_from(SCALARS) | st.integers() | texts, min_size=rows, max_size=rows))
    return np.fromiter(cells, object, rows)


def numbers(rows):
    return st.sampled_from(NUMPY_DTYPES).flatmap(lambda dtype: arrays(dtype, rows))


def common_values(rows):
    """Values that Parquet and the columns format both keep."""
    kinds = [numbers, masked, nullable_floats, dates, zoned, spans, strings, object_texts, categories]
    return st.one_of(*(kind(rows) for kind in kinds))


def all_values(rows):
    return common_values(rows) | st.one_of(*(kind(rows) for kind in (periods, intervals, mixed)))


def series_of(values, **rest):
    return pd.Series(values, dtype=values.dtype, **rest)


names = st.none() | texts | st.integers(-3, 3) | st.tuples(texts, st.integers()) | st.just(pd.Timestamp("2026-01-01"))


@st.composite
def indexes(draw, rows, values):
    kind = draw(st.sampled_from(["range", "values", "freq", "multi"]))
    if kind == "range":
        start, step = draw(st.integers(-5, 5)), draw(st.sampled_from([-2, 1, 3]))
        return pd.RangeIndex(start, start + rows * step, step, name=draw(names))
    if kind == "freq":
        freq = draw(st.sampled_from(["D", "h", "ME", "2W-SUN"]))
        return pd.date_range("2026-03-01", periods=rows, freq=freq, tz=draw(st.sampled_from([None, "UTC"])))
    if kind == "multi":
        levels = [pd.Index(["a", "b", "unused"], name="x"), pd.date_range("2026", periods=2, freq="D")]
        codes = [draw(st.lists(st.integers(-1, 1), min_size=rows, max_size=rows)) for _ in levels]
        return pd.MultiIndex(levels, codes, names=[draw(names), draw(names)])
    array = draw(values(rows))
    return pd.Index(array, dtype=array.dtype, tupleize_cols=False).rename(draw(names))


@st.composite
def frames_of(draw, values):
    rows, width = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    index = draw(indexes(rows, values))
    columns = {place: series_of(draw(values(rows)), index=index) for place in range(width)}
    frame = pd.DataFrame(columns, index=index)
    labels = st.lists(texts, min_size=width, max_size=width).map(lambda labels: pd.Index(labels, dtype=object))
    frame.columns = draw(labels | indexes(width, all_values))
    frame.attrs = draw(st.just({}) | st.just({"unit": "km", "bounds": (0, 1.5)}))
    return frame


@pytest.fixture(scope="session")
def any_frame():
    return frames_of(all_values)


@pytest.fixture(scope="session")
def common_frame():
    return frames_of(common_values)


@pytest.fixture(scope="session")
def any_series():
    return (
        st.integers(0, 5)
        .flatmap(all_values)
        .flatmap(lambda values: names.map(lambda name: series_of(values, name=name)))
    )


@pytest.fixture(scope="session")
def any_index():
    return st.integers(0, 5).flatmap(lambda rows: indexes(rows, all_values))


@pytest.fixture(scope="session")
def scalars():
    return SCALARS
