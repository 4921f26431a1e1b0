"""Functions: what they compute counts, how they are written does not."""

import contextlib
import functools
import math
import statistics
import sys
import threading
import types

import pytest

from mlopskit.errors import FingerprintError
from mlopskit.storage.fingerprint import fingerprint


def define(source, name="f", **module_values):
    """Run source as a module of its own and return its function."""
    namespace = {"__name__": "laboratory", **module_values}
    exec(source, namespace)
    return namespace[name]


def same(*sources, **module_values):
    return len({fingerprint(define(source, **module_values)) for source in sources}) == 1


def all_different(*values):
    return len({fingerprint(value) for value in values}) == len(values)


PLAIN = "def f(a, b=1):\n    total = a + b\n    return total * 2\n"


# -- how it is written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "\n\n# moved\n" + PLAIN,
        PLAIN.replace("):\n", "):\n    # a comment\n\n"),
        PLAIN.replace("):\n", '):\n    "Explain."\n'),
        PLAIN.replace("total", "renamed"),
        PLAIN.replace("a, b=1)", "a: int, b: 'float' = 1) -> float"),
        PLAIN.replace("def f(", "def other(") + "f = other\n",
        PLAIN.replace("a + b", "(a +\n        b)"),
    ],
    ids=["moved", "comment", "docstring", "local name", "annotations", "name", "line break"],
)
def test_the_writing_does_not_count(source):
    assert same(PLAIN, source)


@pytest.mark.parametrize("constants", [4, 300])
def test_layout_does_not_count_around_loops_and_handlers(constants):
    many = "".join(f"        total += {number}.5\n" for number in range(constants))
    source = f"def f(a, b):\n    total = 0\n    for i in a:\n{many}        total = a + b if i else b\n"
    source += "    try:\n        return total\n    finally:\n        a(b)\n"
    broken = source.replace("a + b", "(a\n + \n b)").replace(
        "    total = 0\n", "    'Explain.'\n    total = 0\n    pass\n"
    )
    assert same(source, broken)
    assert not same(source, source.replace("finally", "except ValueError"))


def test_a_docstring_does_not_count_among_many_constants():
    source = "def f(a):\n    if a:\n        return None\n    return ('x', 2, [3, 4.5], {5}, lambda: 'y')\n"
    assert same(source, source.replace("(a):\n", '(a):\n    """Explain."""\n'))


def test_a_nested_function_may_be_renamed_inside_but_counts():
    source = "def f(a):\n    def inner(x):\n        y = x + 1\n        return y\n    return inner(a)\n"
    assert same(source, source.replace("y", "z"))
    assert not same(source, source.replace("+ 1", "+ 2"))


def test_tracing_and_repeated_calls_do_not_count():
    traced = define("def f(a):\n    total = 0\n    for i in range(a):\n        total += i\n    return total\n")
    before = fingerprint(traced)
    for _ in range(100):
        traced(100)
    tracer = sys.gettrace()
    sys.settrace(lambda *_: None)
    traced(1)
    sys.settrace(tracer)
    assert fingerprint(traced) == before


# -- what it computes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        PLAIN.replace("* 2", "* 3"),
        PLAIN.replace("* 2", "* 2.0"),
        PLAIN.replace("* 2", "* True"),
        PLAIN.replace("a + b", "a - b"),
        PLAIN.replace("a + b", "b + a"),
        PLAIN.replace("b=1", "b=2"),
        PLAIN.replace("b=1", "b=1.0"),
        PLAIN.replace("b=1", "b"),
        PLAIN.replace("b=1", "*, b=1"),
        PLAIN.replace("b=1", "/, b=1"),
        PLAIN.replace("b=1", "b=1, **more"),
        PLAIN.replace("b", "c"),
        "async " + PLAIN,
        PLAIN.replace("return", "yield"),
        PLAIN.replace("total = a + b", "try:\n        total = a + b\n    except TypeError:\n        total = 0"),
    ],
)
def test_the_computation_counts(changed):
    assert not same(PLAIN, changed)


def test_functions_that_differ_in_one_way_only():
    assert not same("f = lambda x: x.a", "f = lambda x: x.b")
    assert not same("f = lambda x: x(a=1)", "f = lambda x: x(b=1)")
    assert not same("f = lambda x: x in {1, 2}", "f = lambda x: x in (1, 2)")
    assert not same("f = lambda *, a=1, b=2: 0", "f = lambda *, a=2, b=1: 0")
    assert not same("f = lambda x: len(x)", "f = lambda x: sum(x)")


def test_the_exception_table_counts():
    body = "def f(a):\n    try:\n        {}\n    except ValueError:\n        return 1\n    {}\n"
    assert not same(body.format("a()\n        a()", "return 2"), body.format("a()", "a()\n    return 2"))


def test_a_lambda_is_the_equal_function():
    assert same("f = lambda a: a + 1", "def f(a):\n    return a + 1\n")


# -- closures and module level ---------------------------------------------------------------


def scaled(factor):
    return lambda x: x * factor


def test_closures_count_by_value():
    assert fingerprint(scaled(2)) == fingerprint(scaled(2))
    assert all_different(scaled(2), scaled(3), scaled(2.0), scaled([2]), scaled(scaled(2)), scaled(scaled(3)))


def test_a_name_not_yet_bound_in_a_closure_is_no_obstacle():
    def f():
        return later

    before = fingerprint(f)
    later = 1
    assert fingerprint(f) != before


@pytest.mark.parametrize("value", [3, 3.0, "3", True, None, b"3", (3,), (3, ("a",)), math, float, statistics.mean])
def test_plain_values_at_module_level_count(value):
    source = "def f(x):\n    return x, LIMIT\n"
    assert fingerprint(define(source, LIMIT=value)) != fingerprint(define(source, LIMIT=4))


def test_values_at_module_level_count_where_nested_code_reads_them():
    source = "def f(x):\n    return [(lambda: y + LIMIT)() for y in x]\n"
    assert fingerprint(define(source, LIMIT=1)) != fingerprint(define(source, LIMIT=2))


def test_values_at_module_level_that_are_not_read_do_not_count():
    assert fingerprint(define(PLAIN, LIMIT=1)) == fingerprint(define(PLAIN, LIMIT=2))


def test_functions_at_module_level_count_by_code_as_far_as_they_reach():
    source = "def g(x):\n    return h(x)\ndef h(x):\n    return x + {}\ndef f(x):\n    return g(x)\n"
    assert not same(source.format(1), source.format(2))


def test_recursion_is_no_obstacle():
    alone = "def f(n):\n    return n and f(n - 1)\n"
    mutual = "def f(n):\n    return n and g(n - 1)\ndef g(n):\n    return n and f(n - {})\n"
    assert not same(alone, alone.replace("1", "2"))
    assert same(mutual.format(1), mutual.format(1))
    assert not same(mutual.format(1), mutual.format(2))


def test_recursion_through_a_closure_is_no_obstacle():
    def outer(step):
        def f(n):
            return n and f(n - step)

        return f

    assert fingerprint(outer(1)) == fingerprint(outer(1)) != fingerprint(outer(2))


def test_many_functions_that_all_call_each_other_take_no_long():
    names = [f"f{i}" for i in range(40)]
    source = "\n".join(f"def {name}(x):\n    return {' + '.join(f'{other}(x)' for other in names)}\n" for name in names)
    assert fingerprint(define(source, "f0")) == fingerprint(define(source, "f0"))


def test_a_refusal_names_the_closure():
    lock = threading.Lock()
    with pytest.raises(FingerprintError, match=r"^value\.<lock in the closure> \(_thread.lock\)"):
        fingerprint(lambda: lock)


# -- what wraps functions --------------------------------------------------------------------


class Model:
    def __init__(self, rate):
        self.rate = rate

    def fit(self, x):
        return x * self.rate

    def predict(self, x):
        return x


def test_bound_methods_count_by_owner_and_code():
    assert fingerprint(Model(1).fit) == fingerprint(Model(1).fit)
    assert all_different(Model(1).fit, Model(2).fit, Model(1).predict, Model.fit, [1].append, [2].append, [1].pop)


def test_partials_count_by_function_and_arguments():
    assert fingerprint(functools.partial(scaled, 1)) == fingerprint(functools.partial(scaled, 1))
    assert all_different(
        functools.partial(scaled, 1), functools.partial(scaled, 2), functools.partial(scaled, factor=1),
        functools.partial(print, 1), scaled
    )  # fmt: skip


def test_a_cached_function_counts_by_code_and_not_by_what_it_has_cached():
    cached = [functools.lru_cache(define(source)) for source in (PLAIN, PLAIN, PLAIN.replace("2", "3"))]
    cached[0](1)
    assert fingerprint(cached[0]) == fingerprint(cached[1]) != fingerprint(cached[2])


@pytest.mark.parametrize(
    "decorate", [functools.lru_cache, contextlib.contextmanager, contextlib.ContextDecorator().__call__]
)
def test_decorators_of_a_library_do_not_hide_the_function(decorate):
    functions = [define(f"def f(x):\n    yield {number}\n") for number in (1, 1, 2)]
    first, equal, other = (fingerprint(decorate(function)) for function in functions)
    assert first == equal != other


def test_decorators_of_an_installed_package_do_not_hide_the_function():
    source = (
        "def f(inner):\n    @functools.wraps(inner)\n    def wrapper(x):\n        return inner(x)\n    return wrapper\n"
    )
    namespace = {"__name__": "package", "functools": functools}
    exec(compile(source, "/lib/site-packages/package.py", "exec"), namespace)
    first, equal, other = (fingerprint(namespace["f"](define(PLAIN.replace("2", digit)))) for digit in "223")
    assert first == equal != other


def test_functions_of_installed_packages_count_by_name_and_version():
    def installed(version, body):
        module = types.ModuleType("installed_package")
        module.__version__ = version
        exec(
            compile(f"def f(x):\n    return {body}\n", "/lib/site-packages/installed_package.py", "exec"),
            module.__dict__,
        )
        sys.modules["installed_package"] = module
        try:
            return fingerprint(module.f)
        finally:
            del sys.modules["installed_package"]

    assert installed("1.0", "x") == installed("1.0", "x + 1") != installed("2.0", "x")
    assert all_different(statistics.mean, statistics.median, len, sum, math.sin, str.upper, str.lower)
