"""The catalogue of code edits: what a cache has to notice when the code of a step changes, and what it may not.

Each edit is a program, a text in it, and what stands in its place afterwards. A program is a package of one or more
files, split at the lines ``# file: name.py``; its function ``step`` (after ``make``, if there is one) writes "RAN" when
it runs. ``EDITS`` change the answer; ``NEUTRAL`` can not.
"""

import re
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    """One change of one program."""

    name: str
    program: str
    old: str
    new: str

    def write(self, package: Path, *, edited: bool) -> None:
        """Write the program as a package, before or after the edit."""
        if edited and self.program.count(self.old) != 1 and self.old:
            raise ValueError(f"{self.name}: {self.old!r} has to be in the program once")
        program = self.program.replace(self.old, self.new) if edited and self.old else self.program
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        first, *others = re.split(r"^# file: (\w+\.py)\n", program, flags=re.MULTILINE)
        for name, text in [("steps.py", first), *zip(others[::2], others[1::2], strict=True)]:
            (package / name).write_text(text.lstrip("\n"))


STEP = """
def step(x: int) -> int:
    print("RAN")
    return bump(x)
"""
HELPER = """
def bump(x: int) -> int:
    return x + 1
"""
UNRELATED = """
def unrelated(x: int) -> int:
    return x * 7
"""
LOCAL = """
def step(x: int) -> int:
    print("RAN")
    y = x + 1
    return y
"""
ADDED = "x + 1", "x + 2"


def step(answer: str, arguments: str = "x: int") -> str:
    return f'\ndef step({arguments}) -> int:\n    print("RAN")\n    return {answer}\n'


EDITS = [
    Edit("its own body", step("x + 1"), *ADDED),
    Edit("helper in the same module", HELPER + STEP, *ADDED),
    Edit(
        "helper of a helper in another module",
        f"from .near import bump\n{STEP}"
        "# file: near.py\nfrom .far import add\n\ndef bump(x: int) -> int:\n    return add(x)\n"
        "# file: far.py\ndef add(x: int) -> int:\n    return x + 1\n",
        *ADDED,
    ),
    Edit("import module, module.f", f"from . import near\n{step('near.bump(x)')}# file: near.py\n{HELPER}", *ADDED),
    Edit("from module import f", f"from .near import bump\n{STEP}# file: near.py\n{HELPER}", *ADDED),
    Edit(
        "staticmethod reached through its class",
        "class Tools:\n    @staticmethod\n    def bump(x):\n        return x + 1\n" + step("Tools.bump(x)"),
        *ADDED,
    ),
    Edit(
        "decorator of the user",
        "import functools\n\ndef more(function):\n    @functools.wraps(function)\n    def call(x):\n"
        "        return function(x) + 1\n    return call\n\n@more" + step("x"),
        "(x) + 1",
        "(x) + 2",
    ),
    Edit(
        "closure cell",
        "def factory(k):\n    def step(x: int) -> int:\n        print('RAN')\n        return x + k\n    return step\n"
        "\nstep = factory(1)\n",
        "factory(1)",
        "factory(2)",
    ),
    Edit("default of an argument", step("x + k", "x: int, k: int = 1"), "k: int = 1", "k: int = 2"),
    Edit("default of a keyword-only argument", step("x + k", "x: int, *, k: int = 1"), "k: int = 1", "k: int = 2"),
    Edit("default of a helper's argument", "def bump(x, k=1):\n    return x + k\n" + STEP, "k=1", "k=2"),
    Edit("global constant", "K = 1\n" + step("x + K"), "K = 1", "K = 2"),
    Edit("function in a dict", HELPER + '\nTABLE = {"bump": bump}\n' + step('TABLE["bump"](x)'), *ADDED),
    Edit(
        "inherited method, base class in another module",
        "from .near import Base\n\nclass Child(Base):\n    pass\n"
        + step("Child().bump(x)")
        + "# file: near.py\nclass Base:\n    def bump(self, x):\n        return x + 1\n",
        *ADDED,
    ),
    Edit(
        "method of a global instance's class",
        "class Tool:\n    def bump(self, x):\n        return x + 1\n\nTOOL = Tool()\n" + step("TOOL.bump(x)"),
        *ADDED,
    ),
    Edit(
        "attribute of a global instance",
        "class Tool:\n    def __init__(self, k):\n        self.k = k\n\nTOOL = Tool(1)\n" + step("x + TOOL.k"),
        "Tool(1)",
        "Tool(2)",
    ),
    Edit(
        "property of a class",
        "class Tool:\n    @property\n    def k(self):\n        return 1\n" + step("x + Tool().k"),
        "return 1",
        "return 2",
    ),
    Edit(
        "argument of a partial",
        "import functools\n\ndef add(k, x):\n    return x + k\n\nbump = functools.partial(add, 1)\n" + STEP,
        "(add, 1)",
        "(add, 2)",
    ),
    Edit("body of a lambda", "bump = lambda x: x + 1\n" + STEP, *ADDED),
    Edit(
        "__call__ of an object",
        "class Bump:\n    def __call__(self, x):\n        return x + 1\n\nbump = Bump()\n" + STEP,
        *ADDED,
    ),
    Edit("function made by exec", 'exec("def bump(x):\\n    return x + 1")\n' + STEP, *ADDED),
    Edit(
        "getattr(module, name)",
        "from . import near\n" + step('getattr(near, "bu" + "mp")(x)') + f"# file: near.py\n{HELPER}",
        *ADDED,
    ),
    Edit(
        "import within the function",
        '\ndef step(x: int) -> int:\n    from .near import bump\n\n    print("RAN")\n    return bump(x)\n'
        f"# file: near.py\n{HELPER}",
        *ADDED,
    ),
    Edit(
        "nested function",
        '\ndef step(x: int) -> int:\n    def bump(x):\n        return x + 1\n\n    print("RAN")\n    return bump(x)\n',
        *ADDED,
    ),
    Edit("constant in a comprehension", step("sum([x + k for k in range(3) if k > 0])"), "k > 0", "k > 1"),
    Edit("constant of a class", "class Settings:\n    k = 1\n" + step("x + Settings.k"), "k = 1", "k = 2"),
    Edit(
        "function that replaces a module's",
        "from . import near\n\ndef patched(x):\n    return x + 1\n\nnear.bump = patched\n"
        + step("near.bump(x)")
        + "# file: near.py\ndef bump(x: int) -> int:\n    return x\n",
        *ADDED,
    ),
    Edit(
        "helper passed as a run parameter",
        "from typing import Any\n" + HELPER + step("helper(x)", "x: int, helper: Any") + "\nGIVEN = {'helper': bump}\n",
        *ADDED,
    ),
    Edit(
        "method of what an earlier step returned",
        "from typing import Any\n\nclass Model:\n    def __init__(self, x):\n        self.x = x\n\n"
        "    def bump(self):\n        return self.x + 1\n"
        "\ndef make(x: int) -> Any:\n    return Model(x)\n" + step("make.bump()", "make: Any"),
        "self.x + 1",
        "self.x + 2",
    ),
]

NEUTRAL = [
    Edit("nothing", HELPER + STEP, "", ""),
    Edit("comment", HELPER + STEP, "    return bump(x)", "    # the answer\n    return bump(x)  # of course"),
    Edit("docstring", step("x + 1").replace(":\n", ':\n    """Add."""\n', 1), '"""Add."""', '"""Add one."""'),
    Edit("annotation of a helper", HELPER + STEP, "def bump(x: int) -> int:", 'def bump(x: "float") -> "float":'),
    Edit("annotation of a local variable", LOCAL, "y = x", "y: int = x"),
    Edit("local variable renamed", LOCAL, "y = x + 1\n    return y\n", "better = x + 1\n    return better\n"),
    Edit("unrelated function of the module", HELPER + UNRELATED + STEP, "x * 7", "x * 8"),
    Edit("line breaks", HELPER + step("bump(x) + 1"), "bump(x) + 1", "(\n        bump( x )\n        + 1\n    )"),
    Edit("function further down", HELPER + STEP, HELPER + STEP, UNRELATED + STEP + HELPER),
]
