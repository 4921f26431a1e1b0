import pytest

from mlopskit.pipeline.code.names import Import, facts_of


def paths(source):
    names = {}
    exec(source, names)
    return facts_of(names["step"].__code__).paths


def imports(source):
    names = {}
    exec(source, names)
    return facts_of(names["step"].__code__).imports


PATHS = {
    "def step(): return a.b.c": [("a", "b", "c")],
    "def step(): return a.b(c).d": [("a", "b"), ("c",)],
    "def step(): return a.b, a.b": [("a", "b")],
    "def step(x): return [a + y for y in x]": [("a",)],
    "def step(x): return lambda: a.b": [("a", "b")],
    "def step(x=a): return x": [],
    "def step():\n    global a\n    a = 1": [],
    "def step():\n    global a\n    a += 1": [("a",)],
    "def step():\n    class A(b):\n        c = d\n    return A": [("b",), ("d",)],
    "def step(x): return __name__, __file__, __doc__": [("__doc__",)],
    "def step(x):\n    match x:\n        case a.B(): return c": [("a", "B"), ("c",)],
    "def step(x: a) -> b:\n    y: c = 1": [],
    "def step(x):\n    try: return 1\n    except a.Error: pass": [("a", "Error")],
    "def step(x):\n    with a.b() as c: return c": [("a", "b")],
    "async def step(x):\n    async for y in a: await b": [("a",), ("b",)],
    "def step(x): return f'{a.b:{c}}'": [("a", "b"), ("c",)],
    "def step(x): return getattr(a, x)": [("a",), ("getattr",)],
    "def step(x):\n    del a\n    return (b := 1)": [],
}  # fmt: skip


@pytest.mark.parametrize("source", PATHS)
def test_paths(source):
    names = {"a": 1}
    exec(f"from __future__ import annotations\na = 1\n{source}", names)
    known = [("getattr",)] if "getattr" in source else []
    assert list(facts_of(names["step"].__code__).paths) == sorted({*PATHS[source], *known})


IMPORTS = {
    "import m; return m.f()": [Import("m", 0, (("f",),))],
    "import m; return m.f(), m.g": [Import("m", 0, (("f",), ("g",)))],
    "import m; return m": [Import("m", 0, ((),))],
    "import m": [Import("m", 0, ((),))],
    "import m as n; return n.f()": [Import("m", 0, (("f",),))],
    "import a.b; return a.b.f()": [Import("a.b", 0, (("f",),))],
    "import a.b; return a.c.f()": [Import("a.b", 0, ((),))],
    "import a.b.c as d; return d.f()": [Import("a.b.c", 0, (("f",),))],
    "import m, n; return m.f(n.g)": [Import("m", 0, (("f",),)), Import("n", 0, (("g",),))],
    "from m import f; return f()": [Import("m", 0, (("f",),))],
    "from m import f": [Import("m", 0, (("f",),))],
    "from m import f as g, h; return g(h.i)": [Import("m", 0, (("f",), ("h", "i")))],
    "from a import b; return b.f()": [Import("a", 0, (("b", "f"),))],
    "from . import b; return b.f()": [Import("", 1, (("b", "f"),))],
    "from ..a import b; return b": [Import("a", 2, (("b",),))],
    "import m; return lambda: m.f()": [Import("m", 0, (("f",),))],
    "import m; return [m.f(y) for y in x]": [Import("m", 0, (("f",),))],
    "global m; import m; return m.f()": [Import("m", 0, ((),))],
    "return lambda: __import__('m')": [Import("m", 0, ((),))],
    "return __import__(x)": [],
    "return __import__('.m', x)": [],
    "return y.import_module('m').f": [Import("m", 0, ((),))],
}


@pytest.mark.parametrize("body", IMPORTS)
def test_imports(body):
    assert list(imports("def step(x):\n    " + body.replace("; ", "\n    "))) == IMPORTS[body]


def test_many_names_are_read_past_the_first_256():
    """From there on an argument takes more than one byte."""
    many = ", ".join(f"a{number}.b{number}" for number in range(400))
    assert ("a399", "b399") in paths(f"def step(): return {many}")


def test_what_is_known_is_found_once():
    def step():
        return 1

    assert facts_of(step.__code__) is facts_of(step.__code__)


def test_equal_code_objects_that_differ_all_the_same_are_told_apart():
    """Equality of code leaves out, for instance, which zero a constant is nested in."""
    one, other = (eval(f"lambda: ({zero},)").__code__ for zero in ("0.0", "-0.0"))
    assert facts_of(one).digest != facts_of(other).digest
