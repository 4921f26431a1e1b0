"""Objects by class and state; equal in every process, and from release to release."""

import copyreg
import dataclasses
import functools
import os
import pickle
import random
import subprocess
import sys
import threading

import attrs
import numpy as np
import pandas as pd
import pytest

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint import fingerprint


def all_different(*values):
    return len({fingerprint(value) for value in values}) == len(values)


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Other(Plain):
    pass


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Both(Slotted):
    def __init__(self, a, c):
        super().__init__(a)
        self.c = c


class Selective:
    def __init__(self, a):
        self.a = a
        self.lock = threading.Lock()

    def __getstate__(self):
        return {"a": self.a}


class WithArguments:
    def __new__(cls, *, a):
        new = super().__new__(cls)
        new.hidden = threading.Lock()
        return new

    def __init__(self, a):
        self.a = a

    def __reduce__(self):
        return functools.partial(WithArguments, a=self.a), ()


@dataclasses.dataclass
class Data:
    a: object

    @functools.cached_property
    def doubled(self):
        return self.a * 2


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenData:
    a: object


@attrs.frozen
class Value:
    a: object


@attrs.frozen(slots=False, cache_hash=True)
class Hashed:
    a: object


@pytest.mark.parametrize("kind", [Slotted, Selective, lambda a: WithArguments(a=a), Data, FrozenData, Value, Hashed])
def test_objects_count_by_state(kind):
    assert fingerprint(kind("x")) == fingerprint(kind("x"))
    assert all_different(kind("x"), kind("y"), kind(["x"]), kind(None))


def test_objects_count_by_class_and_names():
    objects = (
        Plain(),
        Plain(a=1),
        Plain(b=1),
        Plain(a={"b": 1}),
        Other(a=1),
        Slotted(1),
        Both(1, 2),
        Both(2, 1),
        Data(1),
        FrozenData(1),
    )
    assert all_different(*objects, Value(1), Hashed(1), Selective(1), {"a": 1}, Plain, Other)


def test_the_order_in_which_attributes_were_set_does_not_count():
    assert fingerprint(Plain(a=1, b=2)) == fingerprint(Plain(b=2, a=1))


def test_what_was_computed_on_demand_does_not_count():
    asked, unasked, hashed = Data("x"), Data("x"), Hashed("x")
    assert asked.doubled == "xx"
    assert fingerprint(asked) == fingerprint(unasked)
    before = fingerprint(hashed)
    hash(hashed)
    assert fingerprint(hashed) == before


def test_other_attributes_of_a_dataclass_count():
    fitted = Data(1)
    fitted.coefficients_ = [1.0]
    assert all_different(fitted, Data(1))


def test_fields_of_slotted_objects_may_be_unset():
    assert all_different(Slotted(None), Slotted(1))


def test_a_registered_reduction_is_used():
    class Registered:
        def __init__(self, a):
            self.a, self.lock = a, threading.Lock()

    with pytest.raises(FingerprintError, match=r"value\.lock "):
        fingerprint(Registered(1))
    copyreg.pickle(Registered, lambda value: (Registered, (value.a,)))
    try:
        assert all_different(Registered(1), Registered(2))
    finally:
        del copyreg.dispatch_table[Registered]


def test_random_state_of_the_standard_library():
    assert fingerprint(random.Random(1)) == fingerprint(random.Random(1)) != fingerprint(random.Random(2))


def test_a_reduction_that_fails_is_reported_with_its_cause():
    class Stubborn:
        def __reduce__(self):
            raise RuntimeError("no")

    with pytest.raises(FingerprintError, match=r"Stubborn\).*__getstate__") as refusal:
        fingerprint(Stubborn())
    assert isinstance(refusal.value.__cause__, RuntimeError)


# -- estimators ------------------------------------------------------------------------------


def estimators():
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

    text = TfidfVectorizer().fit(["a word", "another word"])
    columns = ColumnTransformer(
        [("scale", StandardScaler(), [0]), ("code", OneHotEncoder(), [1])], remainder="passthrough"
    )
    return text, {
        "forest": RandomForestClassifier(5, random_state=0),
        "boosting": GradientBoostingClassifier(n_estimators=3, random_state=0),
        "histogram": HistGradientBoostingClassifier(max_iter=3, random_state=0),
        "linear": LogisticRegression(),
        "bayes": GaussianNB(),
        "neighbours": KNeighborsClassifier(algorithm="kd_tree"),
        "network": MLPClassifier((3,), max_iter=2, solver="lbfgs", random_state=0),
        "support": SVC(),
        "pipeline": make_pipeline(FunctionTransformer(np.abs), columns, LogisticRegression()),
        "search": GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, cv=2, refit=True),
    }


@pytest.mark.filterwarnings("ignore")
def test_estimators_before_and_after_fitting():
    text, models = estimators()
    rng = np.random.default_rng(0)
    inputs, labels = np.round(rng.random((60, 3)) * 3), np.arange(60) % 2
    digests = [fingerprint(text)]
    assert digests[0] == fingerprint(pickle.loads(pickle.dumps(text)))
    for name, model in models.items():
        digests.append(fingerprint(model))
        model.fit(inputs, labels)
        digests.append(fingerprint(model))
        if name != "neighbours":  # whose tree counts its calls
            model.predict(inputs)
        assert fingerprint(pickle.loads(pickle.dumps(model))) == fingerprint(model) == digests[-1]
    assert len(set(digests)) == len(digests)


def test_parameters_of_estimators_count():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    assert fingerprint(LogisticRegression(C=2)) == fingerprint(LogisticRegression(C=2))
    assert all_different(
        LogisticRegression(), LogisticRegression(C=2), LogisticRegression(C=2.0), make_pipeline(LogisticRegression())
    )


# -- every process agrees --------------------------------------------------------------------

ZOO = """
import collections, datetime, decimal, enum, functools, pathlib, re, sys, uuid, zoneinfo
sys.path[:0] = {path!r}
import attrs, numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from mlopskit.storage.fingerprint import fingerprint

class Names(set): pass
class Tag: pass
class Colour(enum.Enum): RED = "r"
@attrs.frozen
class Value:
    a: object
tag = Tag(); tag.names = {{"x", "y", "z"}}; tag.kind = Tag
words = ["a", "b", None, "c"] * 5
rng = np.random.default_rng(0)
columns = dict(n=range(20), t=words, o=pd.Series(words, dtype=object), c=pd.Categorical(words), x=rng.random(20))
frame = pd.DataFrame(columns).set_axis([f"r{{i}}" for i in range(20)])
forest = RandomForestClassifier(5, random_state=0).fit(rng.random((50, 3)), rng.random(50) > 0.5)
def function(x, names=frozenset("abc"), *, k={{"p", "q"}}): return x in {{"a", "b", "c", 1}}, helper(x)
def helper(x): return x + 1
values = [
    {{"a", "b", "c"}}, frozenset("abcdef"), Names("abc"), {{c: {{c}} for c in "abcdef"}},
    collections.Counter("hello"), tag, Value({{"a", "b"}}),
    Colour.RED, [Tag, Value, Colour, len, np.mean, str.upper], collections.defaultdict(set, a={{"x", "y"}}),
    re.compile("a"), uuid.UUID(int=7),
    datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")), decimal.Decimal("1.10"),
    pathlib.Path("a/b"), function,
    functools.partial(function, 1, k={{"p", "q"}}), lambda: helper, rng, frame, frame.c, frame.index, np.array(words,
    dtype=object), forest, CountVectorizer(stop_words=["a"]).fit(["a word"]),
]
print(*map(fingerprint, values), sep="\\n")
"""


FIRST = """
from mlopskit.storage.fingerprint import fingerprint
import {library}
print(fingerprint({value}), fingerprint({value}))
"""


@pytest.mark.parametrize(
    ("library", "value"),
    [
        ("numpy", "numpy.arange(3)"),
        ("numpy", "numpy.random.default_rng(0)"),
        ("pandas", "pandas.Index([2, 7])"),
        ("pandas", "pandas.Timestamp(0)"),
        ("scipy.sparse", "scipy.sparse.eye_array(2)"),
        ("decimal", "decimal.Decimal(1)"),
    ],
)
def test_the_first_value_of_its_kind_in_a_process_is_no_exception(library, value):
    code = FIRST.format(library=library, value=value)
    first, second = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert first == second


def test_processes_with_other_hash_seeds_and_addresses_agree():
    code = ZOO.format(path=[os.getcwd()])  # noqa: PTH109
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("0", "1")
    ]
    first, second = (output.stdout.split() for output in outputs)
    assert first == second
    assert len(set(first)) == len(first) == 25


# -- every release agrees --------------------------------------------------------------------

FROZEN = {
    "none": "428771841d5562f2ee53ad28a5688cd233f45db7be9dec4e94fbdde3ca5cd7d2",
    "scalars": "027e2387cc965a4ecf71ec0be15a9ff8b31ac2747088ec71708507256539e1b2",
    "packed": "240af1b59088d96052aab5ca656ca04dd62d991605a7f07546a4c2b5660d8288",
    "containers": "abc70eb285e3efb253852fa9bd6505b2249aa25f5e9da3625014148e18ea5f32",
    "class": "2cb67a7cee2efc2a4c2ca84890ca8a32867eb570e3bf8fc55836e75fbe55fcd8",
    "array": "d76fafa39af37316c391f4eb125eb8253f51df1d6084418b965a09359f04aa20",
    "long array": "3ad3d1cb0c10b3da08ad8b72b3cb9d363151d5fe1853ddc6f9f54d7be6a3a9a0",
    "frame": "686dd1c12cd79222217eb9dc2b60f513d4bfa9f89d3c7d833bc3a12a89b131f1",
    "string": "bf3ddfd0a467cda64a748827cfd0e868fafe3989b67cbc52adb24ea6ac943eb6",
    "nullable": "61a80ff44ef58d0cba61d1956a98156392483d4710fa2bf30e34b7f7d0ffdb67",
}


def test_digests_stay_what_they_were_when_the_format_was_frozen():
    """A failure here means that the format has changed: raise its number, then renew these digests."""
    values = {
        "none": None,
        "scalars": [True, 1, -(2**70), 1.5, float("nan"), 1j, "é", b"a", ...],
        "packed": ([1, 2], [1.0, 2.0], ["a", "bc"], ["a", None]),
        "containers": {"a": {1, 2}, "b": frozenset(), "c": ((), []), 1: {}},
        "class": int,
        "array": np.arange(6.0).reshape(2, 3),
        "long array": np.arange(300_000),
        "frame": pd.DataFrame(np.arange(6).reshape(3, 2)).assign(x=0.5).set_axis(range(3), axis=1),
        "string": pd.array(["a", None, "é"], dtype="string[python]"),
        "nullable": pd.array([1, None], dtype="Int64"),
    }
    assert {name: fingerprint(value) for name, value in values.items()} == FROZEN
