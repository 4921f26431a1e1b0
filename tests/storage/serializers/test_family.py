import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import MissingDependencyError
from mlopskit.storage.serializers import Serializer, family, serializer_named, serializers_for


class Point:
    pass


class PointSerializer(Serializer):
    name = "point"

    def accepts(self, value):
        return isinstance(value, Point)

    def encode(self, value, file):
        file.write(b"point")

    def decode(self, file, version):
        return Point()


class Thief(PointSerializer):
    name = "json"


class Choking(PointSerializer):
    name = "choking"

    def accepts(self, value):
        raise KeyError


class Unfinished(Serializer):
    name = "unfinished"


NOT_A_CLASS = PointSerializer()


@pytest.fixture
def install(monkeypatch):
    """Make classes of this module entry points, as an installed plugin would."""
    monkeypatch.setitem(sys.modules, "plugin_of_tests", sys.modules[__name__])

    def install(*places):
        entries = [family.EntryPoint(str(n), f"plugin_of_tests:{place}", "group") for n, place in enumerate(places)]
        monkeypatch.setattr(family, "entry_points", lambda group: entries)
        family._plugins.cache_clear()
        family._warn_once.cache_clear()

    yield install
    monkeypatch.undo()
    family._plugins.cache_clear()


def names(value):
    return [serializer.name for serializer in serializers_for(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", ["bytes", "cloudpickle"]),
        ("", ["text", "json", "cloudpickle"]),
        (None, ["json", "cloudpickle"]),
        ({"a": [1.5]}, ["json", "cloudpickle"]),
        ((1,), ["cloudpickle"]),
        (np.zeros(1), ["npy", "cloudpickle"]),
        (np.int8(1), ["numpy-scalar", "cloudpickle"]),
        (pd.RangeIndex(1), ["columns", "cloudpickle"]),
        (pd.Timestamp("2026"), ["cloudpickle"]),
        (len, ["cloudpickle"]),
        (Point(), ["cloudpickle"]),
    ],
    ids=lambda part: type(part).__name__,
)
def test_the_most_open_format_comes_first_and_cloudpickle_last(value, expected):
    assert names(value) == expected


def test_every_built_in_is_found_by_its_own_name():
    for name in ("bytes", "text", "json", "npy", "numpy-scalar", "parquet", "columns", "skops", "cloudpickle"):
        assert serializer_named(name).name == name
        assert serializer_named(name) is serializer_named(name)


def test_only_cloudpickle_carries_code():
    assert [name for name in family._BUILT_IN if serializer_named(name).carries_code] == ["cloudpickle"]


def test_an_unknown_name_says_what_may_be_missing():
    with pytest.raises(MissingDependencyError, match=r"'hologram'.*plugin"):
        serializer_named("hologram")


def test_a_plugin_comes_before_the_built_in_ones_and_is_found_by_name(install):
    install("PointSerializer")
    assert names(Point()) == ["point", "cloudpickle"]
    assert serializer_named("point").name == "point"


@pytest.mark.parametrize("broken", ["Thief", "Unfinished", "NOT_A_CLASS", "Missing", "PointSerializer"])
def test_a_broken_plugin_is_named_once_and_breaks_no_other(install, broken):
    install("PointSerializer", broken)
    with pytest.warns(RuntimeWarning, match=f"plugin_of_tests:{broken}") as caught:
        assert names(Point()) == ["point", "cloudpickle"]
    assert len(caught) == 1
    assert names(Point()) == ["point", "cloudpickle"]
    assert type(serializer_named("json")) is not Thief


def test_a_plugin_that_chokes_on_a_value_is_skipped_with_one_warning(install):
    install("Choking", "PointSerializer")
    with pytest.warns(RuntimeWarning, match="'choking' raised KeyError"):
        assert names(Point()) == ["point", "cloudpickle"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(Point()) == ["point", "cloudpickle"]


def test_nothing_heavy_is_imported_until_a_value_asks_for_it():
    code = (
        "import sys; from mlopskit.storage.serializers import serializers_for\n"
        "list(serializers_for('text'))[0]; next(serializers_for([1]))\n"
        "print(sorted({'numpy', 'pandas', 'pyarrow', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
