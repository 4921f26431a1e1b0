import collections
import enum
import functools
import io
import os
import pickle
import subprocess
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlopskit.pipeline.code.pickled_names import named_object, pickled_names

TYPES = """
    import collections, dataclasses, enum, functools

    class Plain:
        pass
    @dataclasses.dataclass(slots=True, frozen=True)
    class Slots:
        x: int = 1
    class Dict(dict): pass
    class List(list): pass
    class Set(set): pass
    class Default(collections.defaultdict): pass
    class Ordered(collections.OrderedDict): pass
    class Error(Exception): pass
    class Kind(enum.Enum):
        A = 1
    class Outer:
        class Inner: pass
    Point = collections.namedtuple("Point", "x y")
    class Rebuilt:
        def __reduce__(self): return rebuild, (1,), {"a": 2}
    class Filled:
        def __reduce__(self): return Filled, (), None, iter([1]), iter([(1, 2)])
        def append(self, item): ...
        def __setitem__(self, key, value): ...
    class Keywords:
        def __new__(cls, *, k): return super().__new__(cls)
        def __getnewargs_ex__(self): return (), {"k": 1}
    class State:
        def __getstate__(self): return ({"a": 1}, {"b": 2})
        def __setstate__(self, state): ...
    def rebuild(x): return Rebuilt()
    def function(x): return x
    step = None
"""

INSTANCES = {
    "Plain": lambda types: types.Plain(),
    "Slots": lambda types: types.Slots(),
    "Dict": lambda types: types.Dict(a=[1]),
    "List": lambda types: types.List([1, 2]),
    "Set": lambda types: types.Set([1, 2]),
    "Default": lambda types: types.Default(list, a=[1]),
    "Ordered": lambda types: types.Ordered(a=1),
    "Error": lambda types: types.Error("text"),
    "Kind": lambda types: types.Kind.A,
    "Point": lambda types: types.Point(1, 2),
    "rebuild": lambda types: types.Rebuilt(),
    "Filled": lambda types: types.Filled(),
    "Keywords": lambda types: types.Keywords(k=1),
    "State": lambda types: types.State(),
    "function": lambda types: types.function,
}
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def names(data):
    return list(pickled_names(io.BytesIO(data)))


@pytest.fixture
def types(project):
    return project.load(TYPES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", INSTANCES)
def test_a_name_is_found_wherever_it_stands(types, name, protocol):
    value = INSTANCES[name](types)
    assert ("steps", name) in names(pickle.dumps(value, protocol))
    for holder in ([value, value], {"a": (value,)}, functools.partial(print, value), collections.deque([value])):
        assert ("steps", name) in names(pickle.dumps(holder, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_names_among_the_keys_of_a_dict_and_the_members_of_a_set(types, protocol):
    value = {types.Plain(): 1, types.Slots(): 2}
    assert {("steps", "Plain"), ("steps", "Slots")} <= {*names(pickle.dumps(value, protocol))}
    assert ("steps", "Slots") in names(pickle.dumps({types.Slots(2), types.Slots(3)}, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_nested_class(types, protocol):
    found = names(pickle.dumps(types.Outer.Inner(), protocol))
    assert {("steps", "Outer"), ("steps", "Outer.Inner")} & {*found}


def test_names_after_much_else(types):
    value = [np.arange(1000.0), pd.DataFrame({"x": [1, 2]}), {"model": StandardScaler()}, types.Plain()]
    assert ("steps", "Plain") in names(pickle.dumps(value, 5))


def test_in_an_array_a_frame_and_a_scikit_learn_pipeline(types):
    assert ("steps", "Plain") in names(pickle.dumps(np.array([types.Plain()], dtype=object), 5))
    assert ("steps", "Slots") in names(pickle.dumps(pd.DataFrame({"x": [types.Slots(), None]}), 5))
    model = make_pipeline(FunctionTransformer(types.function), StandardScaler())
    found = names(pickle.dumps(model, 5))
    assert ("steps", "function") in found
    assert ("sklearn.preprocessing._data", "StandardScaler") in found


def test_what_comes_along_by_value_names_what_it_does_not_bring(types):
    """The classes and functions of a notebook are in the pickle, whose base classes and helpers are not."""

    class Own(types.Plain):
        def method(self):
            return types.function(1)

    def function():
        return types.Slots(), Own()

    class Kind(enum.Enum):
        A = 1

    for value in (Own, function, Kind):
        value.__module__ = "__main__"
    base, slots = ("steps", "Plain"), ("steps", "Slots")
    assert base in names(cloudpickle.dumps(Own()))
    assert base in names(cloudpickle.dumps([Own(), {"a": Own()}]))
    found = names(cloudpickle.dumps(function))
    assert base in found
    assert slots in found or ("steps", "") in found
    assert ("enum", "Enum") in names(cloudpickle.dumps({Kind.A: [Kind.A]}))


class Hostile:
    def __reduce__(self):
        return os.system, ("touch touched",)


def test_nothing_of_a_hostile_pickle_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in PROTOCOLS:
        assert ("posix", "system") in names(pickle.dumps([Hostile()], protocol))
    assert names(b"cbuiltins\neval\n(V__import__('os').system('touch touched')\ntR.") == [("builtins", "eval")]
    assert not any(tmp_path.iterdir())


def test_nothing_is_imported():
    program = (
        "import io, sys; from mlopskit.pipeline.code.pickled_names import pickled_names; before = set(sys.modules); "
        "print(list(pickled_names(io.BytesIO(b'cantigravity\\nfly\\n.'))), set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[('antigravity', 'fly')] set()"


def test_a_module_that_is_not_there():
    assert names(b"cno_such_module\nThing\n)\x81.") == [("no_such_module", "Thing")]


def test_a_module_that_cloudpickle_names(types):
    assert ("steps", "") in names(cloudpickle.dumps([types]))


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x93NUMPY\x01\x00", b"PK\x03\x04", pickle.dumps([1] * 99)[:50]])
def test_what_is_no_pickle_is_an_error(data):
    with pytest.raises(ValueError, match="no pickle"):
        names(data)


def test_named_object(types):
    assert named_object("steps:Outer.Inner") is types.Outer.Inner
    assert named_object("steps:") is types
    for name in ("steps:Gone", "steps:Outer.Gone", "no_such_module:Thing"):
        with pytest.raises(LookupError, match=name):
            named_object(name)
