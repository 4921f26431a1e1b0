import colorsys

import pytest

COUNTS = {
    "the function itself": "def step(): return <1|2>",
    "a helper": "def helper(): return <1|2>\ndef step(): return helper()",
    "a helper of a helper in another module": {
        "steps": "import lib\ndef step(): return lib.first()",
        "lib": "import deep\ndef first(): return deep.second()",
        "deep": "def second(): return <1|2>",
    },
    "a helper from a module": {
        "steps": "from lib import helper\ndef step(): return helper()",
        "lib": "def helper(): return <1|2>",
    },
    "a helper asked of a package's module": {
        "steps": "import lib.helpers\ndef step(): return lib.helpers.helper()",
        "lib__helpers": "def helper(): return <1|2>",
    },
    "import inside": {
        "steps": "def step():\n    import lib\n    return lib.helper()",
        "lib": "def helper(): return <1|2>",
    },
    "import inside, used in a comprehension": {
        "steps": "def step():\n    import lib\n    return [lib.helper() for _ in '']",
        "lib": "def helper(): return <1|2>",
    },
    "from import inside": {
        "steps": "def step():\n    from lib import helper\n    return helper()",
        "lib": "def helper(): return <1|2>",
    },
    "from import of a module inside": {
        "steps": "def step():\n    from lib import helpers\n    return helpers.helper()",
        "lib__helpers": "def helper(): return <1|2>",
    },
    "import as inside": {
        "steps": "def step():\n    import lib.helpers as h\n    return h.helper()",
        "lib__helpers": "def helper(): return <1|2>",
    },
    "import inside for what it does": {
        "steps": "def step():\n    import lib",
        "lib": "def helper(): return <1|2>",
    },
    "relative import inside": {
        "steps": "from lib.main import step",
        "lib__main": "def step():\n    from .helpers import helper\n    return helper()",
        "lib__helpers": "def helper(): return <1|2>",
    },
    "relative import of a module inside": {
        "steps": "from lib.main import step",
        "lib__main": "def step():\n    from . import helpers\n    return helpers.helper()",
        "lib__helpers": "def helper(): return <1|2>",
    },
    "getattr on a module": {
        "steps": "import lib\ndef step(name): return getattr(lib, name)()",
        "lib": "def helper(): return <1|2>",
    },
    "globals()": "def helper(): return <1|2>\ndef step(name): return globals()[name]()",
    "a module's __getattr__": {
        "steps": "import lib\ndef step(): return lib.anything",
        "lib": "def __getattr__(name): return <1|2>",
    },
    "own decorator": """
        import functools
        def twice(function):
            @functools.wraps(function)
            def wrapper(*args): return <1|2> + function(*args)
            return wrapper
        @twice
        def step(): return 5
    """,
    "under own decorator": """
        import functools
        def twice(function):
            @functools.wraps(function)
            def wrapper(*args): return 5 + function(*args)
            return wrapper
        @twice
        def step(): return <1|2>
    """,
    "under lru_cache": """
        import functools
        @functools.lru_cache
        def helper(): return <1|2>
        def step(): return helper()
    """,
    "under contextmanager": """
        import contextlib
        @contextlib.contextmanager
        def helper(): yield <1|2>
        def step():
            with helper() as value: return value
    """,
    "under numpy.vectorize": """
        import numpy as np
        @np.vectorize
        def helper(x): return x + <1|2>
        def step(): return helper(0)
    """,
    "a closure's cell": "def make(offset): return lambda x: x + offset\nstep = <make(1)|make(2)>",
    "a partial's argument": """
        import functools
        def helper(x, y): return x
        step = functools.partial(functools.partial(helper, <1|2>), y=5)
    """,
    "what a partial calls": """
        import functools
        def helper(x, y): return <1|2>
        step = functools.partial(functools.partial(helper, 5), y=5)
    """,
    "a helper's default": "def helper(x=<1|2>): return x\ndef step(): return helper()",
    "a helper's keyword default": "def helper(*, x=<1|2>): return x\ndef step(): return helper()",
    "a mutable default": "def helper(x=<[1]|[2]>): return x\ndef step(): return helper()",
    "a default that is a function": "def helper(): return <1|2>\ndef step(call=helper): return call()",
    "a number": "LIMIT = <1|2>\ndef step(): return LIMIT",
    "a number in another module": {
        "steps": "import lib\ndef step(): return lib.LIMIT",
        "lib": "LIMIT = <1|2>",
    },
    "a number seven levels deep": ("LIMITS = {'a': [{'b': ({'c': {5: [0, <1|2>]}},)}]}\ndef step(): return LIMITS"),
    "a frame": "import pandas as pd\nFRAME = pd.DataFrame({'x': [<1|2>, 5]})\ndef step(): return FRAME",
    "an array": "import numpy as np\nARRAY = np.array([<1|2>, 5])\ndef step(): return ARRAY",
    "an estimator": (
        "from sklearn.linear_model import Ridge\nMODEL = Ridge(alpha=<1.0|2.0>)\ndef step(): return MODEL"
    ),
    "a dict of functions": ("def helper(): return <1|2>\nTABLE = {'a': helper}\ndef step(name): return TABLE[name]()"),
    "a dict of functions that refers back": (
        "def helper(n): return TABLE['a'](<1|2>)\nTABLE = {'a': helper}\ndef step(n): return TABLE['a'](n)"
    ),
    "recursion": "def step(n): return n and step(n - <1|2>)",
    "mutual recursion": "def odd(n): return n and step(n - <1|2>)\ndef step(n): return n and odd(n - 5)",
    "an attribute of a function": ("def helper(): return 5\nhelper.limit = <1|2>\ndef step(): return helper.limit"),
    "what a lambda in a list reads": "LIMIT = <1|2>\nSTEPS = [lambda x: x + LIMIT]\nstep = STEPS[0]",
    "decorator's argument": """
        def times(n):
            def decorate(function):
                def wrapper(*args): return n * function(*args)
                return wrapper
            return decorate
        @<times(1)|times(2)>
        def step(): return 5
    """,
    "monkeypatched own module": {
        "steps": "import lib\ndef patch(): return <1|2>\nlib.helper = patch\ndef step(): return lib.helper()",
        "lib": "def helper(): return 5",
    },
    "monkeypatched package": """
        import colorsys
        def patch(*_): return <1|2>
        colorsys.rgb_to_hsv = patch
        def step(): return colorsys.rgb_to_hsv(5, 5, 5)
    """,
    "monkeypatched package, imported inside": """
        import colorsys
        def patch(*_): return <1|2>
        colorsys.rgb_to_hsv = patch
        def step():
            import colorsys
            return colorsys.rgb_to_hsv(5, 5, 5)
    """,
    "a module called like one of Python's": {
        "steps": "import code_names_of_mine, this\ndef step(): return this.helper()",
        "code_names_of_mine": "",
        "this": "def helper(): return <1|2>",
    },
    "what eval may ask for": "def helper(): return <1|2>\ndef step(x): return eval(x)",
    "a name that comes with a star": {
        "steps": "from lib import *\ndef step(): return helper()",
        "lib": "def helper(): return <1|2>",
    },
    "a name that a package passes on": {
        "steps": "import lib\ndef step(): return lib.helper()",
        "lib": "from deep import helper",
        "deep": "def helper(): return <1|2>",
    },
    "under a decorator that is a class": """
        class Twice:
            def __init__(self, function): self.function = function
            def __call__(self, x): return self.function(x) * 5
        @Twice
        def step(x): return <1|2>
    """,
    "a decorator that is a class": """
        class Twice:
            def __init__(self, function): self.function = function
            def __call__(self, x): return self.function(x) * <1|2>
        @Twice
        def step(x): return 5
    """,
    "a function in a registry that another module fills": {
        "steps": "import plugins\nfrom lib import REGISTRY\ndef step(x): return REGISTRY[x]()",
        "plugins": "from lib import register\n@register\ndef helper(): return <1|2>",
        "lib": """
            REGISTRY = {}
            def register(function):
                REGISTRY[function.__name__] = function
                return function
        """,
    },
    "a function in a set": "HELPERS = {lambda x: <1|2>, lambda x: 5}\ndef step(x): return [f(x) for f in HELPERS]",
    "which of two functions is which": (
        "TABLE = {<'a': lambda: 5, 'b'|'b': lambda: 5, 'a'>: lambda: 6}\ndef step(x): return TABLE[x]()"
    ),
    "a module-level class that a nested function makes": """
        class A:
            limit = <1|2>
        def step():
            def inner(): return A()
            return inner()
    """,
    "a function that is passed to a package": (
        "import functools\ndef helper(x, y): return <1|2>\ndef step(x): return functools.reduce(helper, x)"
    ),
    "what a callback in a closure of a package does": """
        import contextlib, functools
        def helper(): yield <1|2>
        manager = functools.partial(contextlib.contextmanager(helper))
        def step():
            with manager() as value: return value
    """,
    "a thread's target": (
        "import threading\ndef helper(): return <1|2>\ndef step(): threading.Thread(target=helper).start()"
    ),
    "a global that a nested function writes and reads": """
        STATE = <1|2>
        def step():
            def inner():
                global STATE
                STATE = STATE + 5
                return STATE
            return inner()
    """,
    "a dtype of the same number": "import numpy as np\nX = np.array([5], dtype='int<32|64>')\ndef step(): return X",
    "bool for number": "X = <1|True>\ndef step(): return X",
    "float for number in the code": "def step(): return <1|1.0>",
    "sign of zero in the code": "def step(): return <0.0|-0.0>",
    "tuple for list in the code": "def step(x): return x in <(5, 6)|[5, x]>",
    "a module that is imported by a call": {
        "steps": "import importlib\ndef step(): return importlib.import_module('lib').helper()",
        "lib": "def helper(): return <1|2>",
    },
    "a module that is imported by another call": {
        "steps": "def step(): return __import__('lib').helper()",
        "lib": "def helper(): return <1|2>",
    },
    "the class of an instance that is pickled by name": """
        class A:
            def __reduce__(self): return "ONE"
            def x(self): return <1|2>
        ONE = A()
        def step(): return ONE.x()
    """,
    "a scikit-learn estimator of own kind": """
        from sklearn.base import BaseEstimator
        class Model(BaseEstimator):
            def fit(self, X): return <1|2>
        MODEL = Model()
        def step(x): return MODEL.fit(x)
    """,
    "what a scikit-learn transformer calls": """
        from sklearn.preprocessing import FunctionTransformer
        def helper(x): return x * <1|2>
        MODEL = FunctionTransformer(helper)
        def step(x): return MODEL.transform(x)
    """,
    "a seed": "import numpy as np\nRNG = np.random.default_rng(<1|2>)\ndef step(): return RNG.random()",
    "a pattern": "import re\nPATTERN = re.compile('a<1|2>')\ndef step(x): return PATTERN.match(x)",
    "a builtin that is shadowed": "<def len(x): return 5|#>\ndef step(x): return len(x)",
    "a name that is not there yet": "<X = 5|#>\ndef step(): return X",
}

COUNTS_NOT = {
    "another function in the module": "def other(): return <1|2>\ndef step(): return 5",
    "another function in a module that is asked": {
        "steps": "import lib\ndef step(): return lib.helper()",
        "lib": "def helper(): return 5\ndef other(): return <1|2>",
    },
    "another function in a module that is imported inside": {
        "steps": "def step():\n    import lib\n    return lib.helper()",
        "lib": "def helper(): return 5\ndef other(): return <1|2>",
    },
    "another function in a module that is imported from a package inside": {
        "steps": "def step():\n    from lib import helpers\n    return helpers.helper()",
        "lib__helpers": "def helper(): return 5\ndef other(): return <1|2>",
    },
    "another function in a module that is imported under another name inside": {
        "steps": "def step():\n    import lib.helpers as h\n    return [h.helper() for _ in '']",
        "lib__helpers": "def helper(): return 5\ndef other(): return <1|2>",
    },
    "another number in the module": "OTHER = <1|2>\ndef step(): return 5",
    "order in the file": """
        <def helper(): return 5
        OTHER = 1
        def step(): return helper()|OTHER = 1
        def step(): return helper()
        def helper(): return 5>
    """,
    "a helper's module": {
        "steps": "from lib import helper\ndef step(): return helper()",
        "lib": "<from deep import helper|def helper(): ...>",
        "deep": "def helper(): ...",
    },
    "the step's module": {
        "steps": "import logging\n<from lib import step|def step(): return 5>",
        "lib": "def step(): return 5",
    },
    "its name, if it is not called by it": "def <one|two>(): return 5\nstep = <one|two>",
    "the default of an argument that is filled": "def step(x=<1|2>): return x",
    "a logger's name": "import logging\nlogger = logging.getLogger('<one|two>')\ndef step(): logger.info('')",
    "the order of a dict": "TABLE = {<'a': 5, 'b': 6|'b': 6, 'a': 5>}\ndef step(): return TABLE",
    "the order of a set": "NAMES = {<'a', 'b'|'b', 'a'>}\ndef step(): return NAMES",
    "a class that is only a hint": "class A:\n    x = <1|2>\ndef step(a: A): return a",
    "an equal RangeIndex": ("import pandas as pd\nX = pd.Series([5, 6]<, index=[0, 1]|>)\ndef step(): return X"),
    "functions in a set": "HELPERS = {<lambda: 5, lambda: 6|lambda: 6, lambda: 5>}\ndef step(): return HELPERS",
    "the order of functions in a dict": (
        "TABLE = {<'a': lambda: 5, 'b': lambda: 6|'b': lambda: 6, 'a': lambda: 5>}\ndef step(): return TABLE"
    ),
    "a name of the module that nobody asks for": "import <json|csv>\ndef step(): return 5",
}


@pytest.mark.parametrize("case", COUNTS)
def test_an_edit_is_seen(edit, case, monkeypatch):
    monkeypatch.setattr(colorsys, "rgb_to_hsv", colorsys.rgb_to_hsv)  # some patch it: it is put back afterwards
    before, after = edit(COUNTS[case])
    assert before != after


@pytest.mark.parametrize("case", COUNTS_NOT)
def test_an_edit_that_changes_nothing_is_not_seen(edit, case):
    before, after = edit(COUNTS_NOT[case])
    assert before == after


def test_other_processes_see_the_same_whatever_the_hash_seed_and_however_they_were_started(other_processes):
    first, *others = other_processes([*COUNTS.values(), *COUNTS_NOT.values()])
    assert others == [first, first]
