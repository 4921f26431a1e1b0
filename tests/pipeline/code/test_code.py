import pytest

from mlopskit.errors import FingerprintError
from mlopskit.pipeline.code import code_of

LIMIT = 3


def test_parts_name_what_a_change_can_be_told_of(project):
    steps = project.load({
        "steps": "import lib, numpy as np\nLIMIT = 3\ndef step(x=1, *, y=2): return lib.Model(np.sum(x) + LIMIT)",
        "lib": "class Model:\n    def fit(self): ...",
    })  # fmt: skip
    assert set(code_of(steps.step, filled=["y"]).parts) == {
        "package python", "package numpy", "function steps.step", "default step(x=)", "value steps.LIMIT",
        "class lib.Model", "function lib.Model.fit",
    }  # fmt: skip


def test_parts_of_one_name_are_told_apart(project):
    steps = project.load("step = [lambda: 1, lambda: 2]")
    assert {name for name in code_of(steps.step).parts if name.startswith("function")} == {
        "function steps.<lambda>",
        "function steps.<lambda> (2)",
    }


def test_what_stands_beside_counts_and_is_named():
    def step():
        return 1

    first, second = (code_of(step, beside={"depends_on": number}) for number in (1, 2))
    assert first.digest != second.digest
    assert first.parts["value depends_on"] != second.parts["value depends_on"]


def test_a_name_that_is_ignored_does_not_count(monkeypatch):
    def step():
        return LIMIT

    def digest(**options):
        return code_of(step, **options).digest

    before, ignored = digest(), digest(ignore=["LIMIT"])
    monkeypatch.setitem(globals(), "LIMIT", 4)
    assert digest() != before
    assert digest(ignore=["LIMIT"]) == ignored


def test_a_refusal_says_where_and_what_to_do(project):
    steps = project.load("import threading\nLOCKS = {'a': [threading.Lock()]}\ndef step(): return LOCKS")
    with pytest.raises(FingerprintError, match=r"steps\.LOCKS \(_thread\.lock\).*ignore=\[name\].*depends_on="):
        code_of(steps.step)


def test_what_is_nested_too_deeply_is_refused():
    value = []
    for _ in range(2000):
        value = [value]
    with pytest.raises(FingerprintError, match="deep"):
        code_of(value)
