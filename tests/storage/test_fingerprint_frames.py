"""Arrays and frames: by dtype, shape and content, whatever the layout in memory and whatever is installed."""

import datetime as dt
import itertools
import pickle
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint import fingerprint

ROWS = 6
MINUTES = pd.date_range("2024-01-01", periods=ROWS, freq="min")


def all_different(values):
    return len({fingerprint(value) for value in values}) == len(values)


def all_same(values):
    return len({fingerprint(value) for value in values}) == 1


# -- arrays ----------------------------------------------------------------------------------


def test_dtype_shape_and_kind_of_container_count():
    dtypes = "f8", "f4", "i8", "u8", "i4", "?", "M8[s]", "M8[ns]", "m8[s]", "S8", "U2", "c16", "O", "V8"
    shapes = (2, 3), (3, 2), (6, 1), (0,), (0, 3), (), (1,)
    arrays = [np.zeros(6, dtype) for dtype in dtypes] + [np.zeros(shape) for shape in shapes]
    others = [
        np.rec.array(np.zeros(6)),
        np.ma.zeros(6),
        [0.0] * 6,
        0.0,
        np.float64(0),
        "",
        np.str_(""),
        b"",
        np.bytes_(),
    ]
    assert all_different([*arrays, *others])


@pytest.mark.parametrize("value", [1, True, 1.5, "a", b"a", 1j])
def test_a_numpy_scalar_is_not_the_python_scalar(value):
    assert all_different([value, np.asarray(value)[()], np.asarray(value), np.asarray([value]), [value]])


def test_layout_does_not_count():
    values = np.random.default_rng(0).random((500, 600))
    wide = np.empty((1000, 1200))
    wide[::2, ::2] = values
    assert all_same([values, np.asfortranarray(values), wide[::2, ::2], values[::-1][::-1], values.copy()])


def test_layout_does_not_count_when_one_row_is_longer_than_a_leaf():
    values = np.random.default_rng(0).random((3, 2, 150_000))
    assert all_same([values, np.asfortranarray(values), np.moveaxis(np.moveaxis(values, 0, 2).copy(), 2, 0)])


def test_byte_order_does_not_count():
    for values in (np.arange(5.0), np.arange(5), np.array(["a", "é"]), np.arange("2020", "2024", dtype="M8[Y]")):
        swapped = values.astype(values.dtype.newbyteorder(">"))
        assert all_same([values, swapped])
        assert fingerprint(values.dtype) == fingerprint(swapped.dtype)


def test_zeros_have_a_sign_and_nans_have_none():
    assert all_different([np.array([0.0]), np.array([-0.0])])
    payload = np.array([0x7FF8000000000001], dtype="u8").view("f8")
    assert all_same([np.array([np.nan]), np.array([-np.nan]), payload])
    assert all_same([np.array([np.nan + 1j]), np.array([-np.nan + 1j])])
    assert all_same([np.array([np.nan], "f2"), np.array([-np.nan], "f2")])


@pytest.mark.parametrize("place", [0, 131_071, 131_072, 999_999])
def test_every_element_of_a_long_array_counts(place):
    values = np.zeros(1_000_000)
    changed = values.copy()
    changed[place] = 1
    assert all_different([values, changed])


def test_padding_between_fields_does_not_count():
    padded = np.dtype([("a", "u1"), ("b", "f8")], align=True)
    arrays = [np.full(3 * padded.itemsize, filler, "u1").view(padded) for filler in (1, 2)]
    for values in arrays:
        values["a"], values["b"] = 7, 0.5
    assert all_same(arrays)
    assert all_different([arrays[0], np.array([(7, 0.5)] * 3, [("a", "u1"), ("c", "f8")]), arrays[0][:2]])


def test_data_under_a_mask_does_not_count():
    mask = [False, True, False]
    assert all_same([np.ma.array([1, 2, 3], mask=mask), np.ma.array([1, 99, 3], mask=mask)])
    assert all_different([np.ma.array([1, 0, 3], mask=mask), np.ma.array([1, 0, 3])])
    records = [np.array([(1, 2.0), (3, hidden)], "i8,f8") for hidden in (4.0, 5.0)]
    assert all_same([np.ma.array(values, mask=[(False, False), (False, True)]) for values in records])


def test_object_arrays_count_by_their_items():
    assert all_different(
        [np.array(items, dtype=object) for items in (["a", None], ["a", np.nan], ["a", pd.NA], ["ab", ""], [b"a", 1])]
    )
    with pytest.raises(FingerprintError, match=r"value\[1\] \(_thread.lock\)"):
        fingerprint(np.array(["a", threading.Lock()], dtype=object))


def test_a_memory_map_is_the_array_it_maps(tmp_path):
    values = np.arange(10.0)
    np.save(tmp_path / "values.npy", values)
    assert all_same([values, np.load(tmp_path / "values.npy", mmap_mode="r")])


def test_floats_without_a_portable_form_are_refused():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is double on this platform")
    with pytest.raises(FingerprintError, match="Convert it to float64"):
        fingerprint(np.zeros(3, np.longdouble))


def test_random_generators_count_by_state():
    drawn, spawned, twister = (
        np.random.default_rng(1),
        np.random.default_rng(1),
        np.random.Generator(np.random.MT19937(1)),
    )
    drawn.random()
    assert all_same(
        [np.random.default_rng(1), np.random.default_rng(1), pickle.loads(pickle.dumps(np.random.default_rng(1)))]
    )
    assert all_same([np.random.RandomState(1), np.random.RandomState(1)])
    generators = [np.random.default_rng(1), np.random.default_rng(2), drawn, twister, np.random.RandomState(1)]
    assert all_different([*generators, np.random.PCG64(1), np.random.SeedSequence(1)])
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # where the state says how often it has spawned
        spawned.spawn(1)
        assert all_different([*generators, spawned])


def test_the_generator_that_the_process_shares_counts_by_name():
    distributions = pytest.importorskip("scipy.stats")
    before = fingerprint(distributions.norm(0, 1))
    np.random.random()  # noqa: NPY002
    assert fingerprint(distributions.norm(0, 1)) == before
    assert all_different([distributions.norm(0, 1), distributions.norm(0, 2), distributions.uniform(0, 1)])


def test_sparse_matrices_count_by_their_entries():
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0.0, 1.0], [2.0, 0.0]])
    matrix, unsorted = (
        sparse.csr_matrix(dense),
        sparse.csr_matrix(([1.0, 1.5, 0.5], [1, 0, 0], [0, 1, 3]), shape=(2, 2)),
    )
    before = fingerprint(matrix)
    assert matrix.has_sorted_indices
    assert fingerprint(matrix) == before == fingerprint(unsorted)
    assert all_different([matrix, sparse.csc_matrix(dense), sparse.csr_matrix(dense.T), sparse.csr_array(dense), dense])


# -- every dtype -----------------------------------------------------------------------------

WORDS = ["ab", "", "é", None, "c", "ab"]
COLUMNS = {
    "float": np.array([0.5, -0.0, np.nan, 1, 2, 3]),
    "int": np.array([1, 5, 2, 2, 0, 9]),
    "small int": np.arange(ROWS, dtype="i1") ** 2,
    "bool": np.arange(ROWS) % 2 == 0,
    "complex": np.arange(ROWS) * 1j,
    "text": WORDS,
    "objects": pd.Series([b"a", *WORDS[1:]], dtype=object),
    "mixed": pd.Series([1, "1", None, np.nan, (1,), pd.NaT], dtype=object),
    "string": pd.array(WORDS, dtype="string[python]"),
    "Int64": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
    "Float32": pd.array([1, None, 3, 4, 5, 6], dtype="Float32"),
    "boolean": pd.array([True, None, False, True, True, True], dtype="boolean"),
    "category": pd.Categorical(["a", "b", None, "a", "b", "b"], categories=["b", "a", "c"]),
    "naive": MINUTES,
    "seconds": MINUTES.as_unit("s"),
    "zoned": MINUTES.tz_localize("Europe/Paris"),
    "duration": MINUTES - MINUTES[0],
    "period": MINUTES.to_period("min"),
    "interval": pd.interval_range(0, ROWS),
    "sparse": pd.arrays.SparseArray([0, 0, 1, 0, 2, 0]),
}
FRAME = pd.DataFrame(COLUMNS)


def rebuilt(frame):
    """An equal frame with other blocks."""
    return pd.concat([frame.iloc[:, [position]] for position in range(frame.shape[1])], axis=1)


def spread(frame):
    """An equal frame whose columns are views into a larger one."""
    return frame.loc[frame.index.repeat(2)].iloc[::2]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_equal_to_its_copies_and_slices(name):
    frame = FRAME[[name, "int"]]
    parts = pd.concat([frame.iloc[:2], frame.iloc[2:]])
    backwards = frame.iloc[::-1].iloc[::-1]
    assert all_same([frame, frame.copy(), rebuilt(frame), spread(frame), parts, backwards, frame.take(np.arange(ROWS))])
    assert all_same([frame[name], parts[name]])


@pytest.mark.parametrize("name", COLUMNS)
def test_the_order_of_rows_counts(name):
    assert all_different([FRAME[[name]], FRAME[[name]].iloc[::-1].reset_index(drop=True), FRAME[[name]].iloc[:3]])


def test_columns_of_every_dtype_differ():
    assert all_different([pd.Series(column, name="x") for column in COLUMNS.values()])
    assert all_different([pd.Index(column) for column in COLUMNS.values()])
    assert all_different([pd.Series([], dtype=dtype) for dtype in set(FRAME.dtypes)])


# pandas 2 may turn None into NaN when it joins object columns, and then they do differ
JOINED_AS_THEY_ARE = [name for name in COLUMNS if FRAME[name].dtype != object]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(JOINED_AS_THEY_ARE), min_size=1, max_size=4), st.lists(st.integers(0, ROWS), max_size=3)
)
def test_cutting_and_joining_again_does_not_count(names, cuts):
    frame = FRAME[names]
    edges = [0, *sorted(cuts), ROWS]
    pieces = [frame.iloc[a:b] for a, b in itertools.pairwise(edges) if b > a]
    assert fingerprint(pd.concat(pieces)) == fingerprint(frame)


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.sampled_from(["a", "b", "ab", "", None, np.nan, pd.NA, 1, "é"]), max_size=4)] * 2)
def test_object_columns_collide_only_when_equal(left, right):
    alike = len(left) == len(right) and all(
        a is b or (type(a) is type(b) is not float and a == b) for a, b in zip(left, right, strict=True)
    )
    frames = [pd.DataFrame({"a": pd.Series(items, dtype=object)}) for items in (left, right)]
    assert all_same(frames) == alike


# -- what counts, and what does not ----------------------------------------------------------


def test_names_order_and_index_count():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert all_different(
        [
            frame,
            frame[["b", "a"]],
            frame.rename(columns={"a": "c"}),
            frame.rename(columns={"a": 1}),
            frame.rename_axis("row"),
            frame.rename_axis(columns="column"),
            frame.set_axis([1, 2]),
            frame.set_axis([1.0, 2.0]),
            frame.set_axis(["1", "2"]),
            frame.set_axis([[1, 2], [3, 4]]),
            frame.set_axis(["a", "a"], axis=1),
            frame.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]), axis=1),
            frame.T,
            frame.to_numpy(),
            frame["a"],
            frame["a"].rename("b"),
            frame["a"].rename(None),
            frame[["a"]],
            frame[[]],
            frame.iloc[:0],
        ]
    )


def test_columns_of_one_name_are_told_apart():
    frame = pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", "a"])
    assert all_different([frame, frame.iloc[:, [1, 0, 2]], frame.iloc[:, [0, 2, 1]]])


def test_attributes_of_a_frame_do_not_count():
    frame = pd.DataFrame({"a": [1]})
    labelled = frame.copy()
    labelled.attrs["source"] = "here"
    assert all_same([frame, labelled])


def test_a_subclass_is_another_type():
    class Measurements(pd.DataFrame):
        pass

    assert all_different([pd.DataFrame({"a": [1]}), Measurements({"a": [1]})])


@pytest.mark.parametrize("bounds", [(0, 5), (3, 9, 2), (5, 0, -1), (0, 0), (7, 8), (4, 4, 3)])
def test_a_range_is_the_index_of_its_values(bounds):
    evenly_spaced = pd.RangeIndex(*bounds)
    assert all_same([evenly_spaced, pd.Index(np.array(evenly_spaced, dtype="i8"))])


def test_other_indexes_are_no_ranges():
    indexes = [
        [0, 1, 2],
        [0, 1, 3],
        [0, 0, 0],
        [2, 1, 0],
        [0],
        [1],
        [0, 2],
        [-(2**63), 2**63 - 1],
        [2**63 - 2, 2**63 - 1],
    ]
    assert all_different([pd.Index(values, dtype="i8") for values in indexes])
    assert all_different(
        [pd.Index([0, 1]), pd.Index([0, 1], dtype="i4"), pd.Index([0, 1], dtype=object), pd.Index([0, 1], name="a")]
    )


def test_unused_levels_do_not_count():
    index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
    assert all_same([index[:2], pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", "y"])])
    assert all_different([index, index[::-1], index.rename(["x", "z"]), index.swaplevel()])


def test_categories_count_with_order():
    values = ["a", "b"]
    assert all_different(
        [
            pd.Categorical(values),
            pd.Categorical(values, ordered=True),
            pd.Categorical(values, categories=["b", "a"]),
            pd.Categorical(values, categories=["a", "b", "c"]),
            pd.Series(values),
        ]
    )
    assert all_different(
        [
            pd.CategoricalDtype(["a", "b"]),
            pd.CategoricalDtype(["b", "a"]),
            pd.CategoricalDtype(["a", "b"], ordered=True),
        ]
    )


def test_one_instant_in_another_zone_or_unit_differs():
    instants = pd.DatetimeIndex(["2024-01-01"]).tz_localize("UTC")
    zones = [instants, instants.tz_convert("Europe/Paris"), instants.tz_localize(None), instants.as_unit("ms")]
    assert all_different(zones)
    assert all_different([zone[0] for zone in zones])
    assert all_different(
        [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01").to_pydatetime(), pd.NaT, pd.NA, None, np.nan]
    )


def test_a_time_zone_of_the_user_enters_by_state_and_not_by_address():
    class Fixed(dt.tzinfo):
        def __init__(self, hours):
            self.hours = hours

        def utcoffset(self, moment):
            return dt.timedelta(hours=self.hours)

        def dst(self, moment):
            return None

    moments = [dt.datetime(2024, 1, 1, tzinfo=Fixed(hours)) for hours in (1, 1, 2)]
    assert all_same(moments[:2])
    assert all_different(moments[1:])


def test_intervals_periods_and_sparse_columns_count_by_their_parameters():
    assert all_different([pd.interval_range(0, 3, closed=side) for side in ("left", "right", "both", "neither")])
    assert all_different([pd.PeriodIndex(["2024-01"], freq=freq) for freq in ("M", "Q", "D")])
    assert all_different(
        [pd.Period("2024-01", freq="M"), pd.Period("2024-01", freq="D"), pd.Interval(0, 1), pd.Interval(0, 2)]
    )
    assert all_different([pd.arrays.SparseArray([0, 1], fill_value=0), pd.arrays.SparseArray([0, 1], fill_value=1)])


def test_memory_under_a_missing_value_does_not_count():
    mask = np.array([False, True])
    assert all_same([pd.arrays.IntegerArray(np.array([1, hidden]), mask) for hidden in (0, 55)])
    assert all_same([pd.arrays.FloatingArray(np.array([1.0, hidden]), mask) for hidden in (0, np.nan)])
    assert all_same([pd.arrays.BooleanArray(np.array([True, hidden]), mask) for hidden in (True, False)])
    assert all_different([pd.array([1, None], dtype="Int64"), pd.array([1, 0], dtype="Int64")])


def test_none_nan_and_na_are_told_apart_in_object_columns():
    assert all_different([pd.Series(["a", missing], dtype=object) for missing in (None, np.nan, pd.NA, pd.NaT, "")])


def test_a_refusal_names_the_column_and_the_row():
    frame = pd.DataFrame({"a": [1, 2], "hooks": [print, threading.Lock()]})
    with pytest.raises(FingerprintError, match=r"^value\['train'\]\['hooks'\]\[1\] \(_thread.lock\)"):
        fingerprint({"train": frame})


# -- long frames: leaves, threads, row-ordered blocks ----------------------------------------


@pytest.mark.parametrize("columns", [2, 3, 300])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?"])
def test_row_ordered_blocks_are_equal_to_columns(columns, dtype):
    table = (np.random.default_rng(0).random((300_000 // columns, columns)) * 2).astype(dtype)
    by_rows, by_columns = pd.DataFrame(table, copy=False), pd.DataFrame(dict(enumerate(table.T.copy())))
    by_columns.columns = by_rows.columns
    assert all_same(
        [by_rows, by_columns, by_rows.assign(x=1).drop(columns="x").set_axis(by_rows.columns, axis=1), spread(by_rows)]
    )
    assert all_same([by_rows.assign(x=1), by_columns.assign(x=1)])


def test_row_ordered_blocks_of_several_dtypes_and_many_leaves():
    table = np.random.default_rng(0).random((400_000, 3))
    table[::7] = -np.nan
    by_rows = pd.concat(
        [pd.DataFrame(table, copy=False), pd.DataFrame(table.astype("f4"), copy=False).set_axis([3, 4, 5], axis=1)],
        axis=1,
    )
    by_columns = pd.DataFrame({name: by_rows[name].to_numpy().copy() for name in by_rows}).set_axis(
        by_rows.columns, axis=1
    )
    assert all_same([by_rows, by_columns])


# -- pyarrow changes nothing -----------------------------------------------------------------


def test_string_storage_does_not_count():
    pytest.importorskip("pyarrow")
    values = ["ab", None, "", "é" * 3, "c"] * 10
    python, arrow = (pd.Series(values, dtype=f"string[{storage}]") for storage in ("python", "pyarrow"))
    assert all_same(
        [python, arrow, pd.concat([arrow.iloc[:7], arrow.iloc[7:]]), spread(arrow.to_frame())[0].rename(None)]
    )
    assert all_same([python[5:9], arrow[5:9]])
    assert all_same([python[:0], arrow[:0]])
    assert all_same([python.dtype, arrow.dtype])


def test_text_columns_are_the_same_without_pyarrow():
    pytest.importorskip("pyarrow")
    absent = """
class Absent:
    @staticmethod
    def find_spec(name, *_):
        if name == "pyarrow":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent)
"""
    code = """
import sys
{block}
import pandas as pd
from mlopskit.storage.fingerprint import fingerprint
words = ["ab", None, "", "é", "c"]
columns = dict(text=words, string=pd.array(words, dtype="string"), kind=pd.Categorical(words))
print(fingerprint(pd.DataFrame(columns, index=words)))
"""
    outputs = {
        subprocess.run([sys.executable, "-c", code.format(block=block)], check=True, capture_output=True).stdout
        for block in ("", absent)
    }
    assert len(outputs) == 1


def test_arrow_columns_of_every_kind():
    pa = pytest.importorskip("pyarrow")
    moments = list(MINUTES.to_pydatetime())
    days = [moments[0].date(), None, moments[0].date().replace(year=2025)]
    records = pa.struct([("a", pa.int64())])
    kinds = {
        **{kind: [1, None, 3] for kind in (pa.int64(), pa.uint8(), pa.float32(), pa.float64(), pa.decimal128(5, 2))},
        **{kind: [1, None, 3] for kind in (pa.duration("s"), pa.time32("s"), pa.time64("us"))},
        **{kind: ["a", None, "é"] for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string()))},
        **{kind: [moments[0], None, moments[1]] for kind in (pa.timestamp("ns"), pa.timestamp("s", "UTC"))},
        **{kind: [[1, 2], None, []] for kind in (pa.list_(pa.int64()), pa.large_list(pa.int8()))},
        pa.bool_(): [True, None, False],
        pa.binary(): [b"a", None, b""],
        pa.date32(): days,
        records: [{"a": 1}, None, {"a": 3}],
    }
    columns = [pd.Series(pd.array(pa.array(values, kind), dtype=pd.ArrowDtype(kind))) for kind, values in kinds.items()]
    assert all_different([*columns, *[column[::-1].reset_index(drop=True) for column in columns]])
    for column in columns:
        assert all_same(
            [
                column,
                column.copy(),
                pd.concat([column[:1], column[1:]]),
                pd.concat([column, column])[3:].reset_index(drop=True),
            ]
        )


def test_what_lies_under_an_arrow_null_does_not_count():
    pa = pytest.importorskip("pyarrow")
    valid = pa.py_buffer(b"\x01")
    numbers = [pa.Array.from_buffers(pa.int64(), 2, [valid, pa.py_buffer(np.array([1, hidden]))]) for hidden in (0, 77)]
    ends = pa.py_buffer(np.array([0, 1, 3], "i4"))
    texts = [
        pa.Array.from_buffers(pa.string(), 2, [valid, ends, pa.py_buffer(b"a" + hidden)]) for hidden in (b"xx", b"yy")
    ]
    for arrays in (numbers, texts):
        assert all_same([*arrays, pa.array(arrays[0].to_pylist(), arrays[0].type)])
        assert all_same([pd.Series(pd.arrays.ArrowExtensionArray(values)) for values in arrays])


def test_arrow_tables_count_by_names_types_and_content():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": [1, 2, 3], "b": ["x", "y", None]})
    assert all_same(
        [table, pa.concat_tables([table[:1], table[1:]]), pa.table({"a": [0, 1, 2, 3], "b": ["", "x", "y", None]})[1:]]
    )
    assert all_different(
        [
            table,
            table.rename_columns(["a", "c"]),
            table.select(["b", "a"]),
            table[:2],
            table.to_pandas(),
            pa.int64(),
            pa.int32(),
        ]
    )
