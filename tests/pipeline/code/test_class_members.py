from importlib.util import find_spec

import pytest

from mlopskit.pipeline.code import code_of

COUNTS = {
    "a method": "class Model:\n    def fit(self): return <1|2>\ndef step(): return Model().fit()",
    "a class attribute that is a function": """
        def helper(): return <1|2>
        class Model:
            call = staticmethod(helper)
        def step(): return Model.call()
    """,
    "a base class in another module": {
        "steps": "import lib\nclass Model(lib.Base): pass\ndef step(): return Model().fit()",
        "lib": "class Base:\n    def fit(self): return <1|2>",
    },
    "a metaclass": """
        class Meta(type):
            def __call__(cls): return <1|2>
        class Model(metaclass=Meta): pass
        def step(): return Model()
    """,
    "a property": """
        class A:
            @property
            def x(self): return <1|2>
        def step(): return A().x
    """,
    "a property of own kind": """
        class own(property):
            def __get__(self, owner, kind): return <1|2>
        class A:
            @own
            def x(self): return 5
        def step(): return A().x
    """,
    "a cached property": """
        import functools
        class A:
            @functools.cached_property
            def x(self): return <1|2>
        def step(): return A().x
    """,
    "a classmethod": """
        class A:
            @classmethod
            def x(cls): return <1|2>
        def step(): return A.x()
    """,
    "a classmethod as step": """
        class A:
            @classmethod
            def x(cls): return <1|2>
        step = A.x
    """,
    "a bound method as step": "class A:\n    def x(self): return <1|2>\nstep = A().x",
    "the state of a bound method's object": """
        class A:
            def __init__(self, n): self.n = n
            def x(self): return self.n
        step = A(<1|2>).x
    """,
    "a callable object as step": "class A:\n    def __call__(self): return <1|2>\nstep = A()",
    "a class as step": "class step:\n    def __init__(self, x): self.x = <1|2>",
    "a partialmethod": """
        import functools
        class A:
            def x(self, n): return n
            y = functools.partialmethod(x, <1|2>)
        def step(): return A().y()
    """,
    "an implementation of singledispatch": """
        import functools
        @functools.singledispatch
        def helper(x): return 5
        @helper.register
        def _(x: int): return <1|2>
        def step(x): return helper(x)
    """,
    "an implementation of singledispatchmethod": """
        import functools
        class A:
            @functools.singledispatchmethod
            def helper(self, x): return 5
            @helper.register
            def _(self, x: int): return <1|2>
        def step(x): return A().helper(x)
    """,
    "a dataclass's default": """
        import dataclasses
        @dataclasses.dataclass
        class A:
            x: int = <1|2>
        def step(): return A()
    """,
    "a dataclass's factory": """
        import dataclasses
        @dataclasses.dataclass
        class A:
            x: list = dataclasses.field(default_factory=lambda: [<1|2>])
        def step(): return A()
    """,
    "a dataclass's metadata": """
        import dataclasses
        @dataclasses.dataclass
        class A:
            x: int = dataclasses.field(metadata={"unit": <1|2>})
        def step(): return dataclasses.fields(A)
    """,
    "fields of a made dataclass": """
        import dataclasses
        A = dataclasses.make_dataclass('A', <['x', 'y']|['y', 'x']>)
        def step(): return A(5, 5)
    """,
    "an attrs class's default": """
        import attrs
        @attrs.frozen
        class A:
            x: int = <1|2>
        def step(): return A()
    """,
    "an attrs class's converter": """
        import attrs
        def convert(x): return <1|2>
        @attrs.define
        class A:
            x: int = attrs.field(converter=convert)
        def step(): return A(5)
    """,
    "a pydantic field's limit": """
        import pydantic
        class A(pydantic.BaseModel):
            x: int = pydantic.Field(gt=<1|2>)
        def step(x): return A(x=x)
    """,
    "an enum's value": """
        import enum
        class Color(enum.Enum):
            RED = <1|2>
        def step(): return Color.RED
    """,
    "a NamedTuple's default": """
        import typing
        class A(typing.NamedTuple):
            x: int = <1|2>
        def step(): return A()
    """,
    "fields of a namedtuple": (
        "import collections\nA = collections.namedtuple('A', '<x y|y x>')\ndef step(): return A(5, 5)"
    ),
    "an abstract class's method": """
        import abc
        class Base(abc.ABC):
            @abc.abstractmethod
            def x(self): ...
            def y(self): return <1|2>
        class A(Base):
            def x(self): return self.y()
        def step(): return A().x()
    """,
    "an instance's state": """
        class A:
            def __init__(self, n): self.n = n
        GIVEN = A(<1|2>)
        def step(): return GIVEN.n
    """,
    "an instance's class": """
        class A:
            def n(self): return <1|2>
        GIVEN = A()
        def step(): return GIVEN.n()
    """,
    "a method that was put into a class": """
        class A:
            pass
        def patch(self): return <1|2>
        A.x = patch
        def step(): return A().x()
    """,
    "how a pydantic field is validated": """
        import pydantic
        class A(pydantic.BaseModel):
            x: int = 5
            @pydantic.field_validator("x", mode="<before|after>")
            def check(cls, value): return value
        def step(): return A()
    """,
    "what a pydantic validator does": """
        import pydantic
        class A(pydantic.BaseModel):
            x: int = 5
            @pydantic.field_validator("x")
            def check(cls, value): return value + <1|2>
        def step(): return A()
    """,
    "a descriptor": """
        class Limit:
            def __get__(self, owner, kind): return <1|2>
        class A:
            limit = Limit()
        def step(): return A().limit
    """,
    "a base class's __init_subclass__": """
        class Base:
            def __init_subclass__(cls): cls.limit = <1|2>
        class A(Base): pass
        def step(): return A.limit
    """,
    "an attrs class's validator": """
        import attrs
        @attrs.define
        class A:
            x: int = attrs.field()
            @x.validator
            def check(self, attribute, value): assert value > <1|2>
        def step(): return A(5)
    """,
    "whether a dataclass compares": """
        import dataclasses
        @dataclasses.dataclass(<eq=True|eq=False>)
        class A:
            x: int = 5
        def step(): return A() == A()
    """,
    "whether an attrs class is frozen": """
        import attrs
        @attrs.<define|frozen>
        class A:
            x: int = 5
        def step(): A().x = 6
    """,
    "a dataclass's own method of a name that is else written for it": """
        import dataclasses
        @dataclasses.dataclass(repr=False)
        class A:
            x: int = 5
            def __repr__(self): return "<1|2>"
        def step(): return repr(A())
    """,
    "a dataclass's order of fields": """
        import dataclasses
        @dataclasses.dataclass
        class A:
            <x: int|y: int>
            <y: int|x: int>
        def step(): return A(5, 6)
    """,
    "a class variable": "class A:\n    limit = <1|2>\ndef step(): return A.limit",
    "what a slot's default is": """
        class A:
            __slots__ = ("x",)
            def __init__(self): self.x = <1|2>
        def step(): return A().x
    """,
    "which base comes first": """
        class One: x = 5
        class Two: x = 6
        class A(<One, Two|Two, One>): pass
        def step(): return A.x
    """,
    "a nested class": """
        class A:
            class B:
                def x(self): return <1|2>
        def step(): return A.B().x()
    """,
}

COUNTS_NOT = {
    "a docstring of a class": "class A:\n    '''<One|Two>.'''\ndef step(): return A",
    "hints of a method": "class A:\n    def x(self, y: <int|float>): ...\ndef step(): return A()",
    "the order of methods": """
        class A:
        <    def x(self): ...
            y = 5|    y = 5
            def x(self): ...>
        def step(): return A()
    """,
}

USED = {
    "flags that are combined": """
        import enum
        class Kind(enum.Flag):
            A = 1
            B = 2
        def step(): return Kind.A | Kind.B
    """,
    "singledispatch": """
        import functools
        @functools.singledispatch
        def helper(x): return 5
        @helper.register
        def _(x: int): return 6
        def step(): return helper(5), helper("x")
    """,
    "singledispatchmethod": """
        import functools
        class A:
            @functools.singledispatchmethod
            def helper(self, x): return 5
            @helper.register
            def _(self, x: int): return 6
        def step(): return A().helper(5), A().helper("x")
    """,
    "a cache": "import functools\n@functools.cache\ndef helper(x): return x\ndef step(): return helper(5)",
    "a class whose instance is copied": """
        import copy
        class A: pass
        def step(): return copy.copy(A())
    """,
    "a cached property": """
        import functools
        class A:
            def __init__(self): self.y = 6
            @functools.cached_property
            def x(self): return 5
        GIVEN = A()
        def step(): return GIVEN.x
    """,
    "an abstract class": """
        import abc
        class A(abc.ABC):
            def x(self): ...
        def step(): return isinstance(5, A), issubclass(int, A)
    """,
    "a protocol": """
        import typing
        @typing.runtime_checkable
        class A(typing.Protocol):
            def x(self): ...
        def step(): return isinstance(5, A)
    """,
    "a pydantic model": """
        import pydantic
        class A(pydantic.BaseModel):
            model_config = {"validate_assignment": True}
            x: int = pydantic.Field(gt=1)
            @pydantic.field_validator("x")
            def check(cls, value): return value
        def step():
            a = A(x=5)
            a.x = 6
            return a.model_dump_json(), A.__signature__, A.model_json_schema()
    """,
    "a hash that attrs keeps": """
        import attrs
        @attrs.frozen(cache_hash=True)
        class A:
            x: str = "x"
        GIVEN = A()
        def step(): return hash(GIVEN)
    """,
    "a warning": """
        import warnings
        def helper():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.warn("x")
        def step(): return globals()["helper"]()
    """,
}

if find_spec("pydantic") is None:  # it comes along with mlflow
    for table in (COUNTS, COUNTS_NOT, USED):
        for name in [name for name in table if "pydantic" in name]:
            del table[name]


@pytest.mark.parametrize("case", COUNTS)
def test_an_edit_is_seen(edit, case):
    before, after = edit(COUNTS[case])
    assert before != after


@pytest.mark.parametrize("case", COUNTS_NOT)
def test_an_edit_that_changes_nothing_is_not_seen(edit, case):
    before, after = edit(COUNTS_NOT[case])
    assert before == after


def test_other_processes_see_the_same_whatever_the_hash_seed_and_however_they_were_started(other_processes):
    first, *others = other_processes([*COUNTS.values(), *COUNTS_NOT.values(), *USED.values()])
    assert others == [first, first]


@pytest.mark.parametrize("case", USED)
def test_using_it_does_not_make_it_another(project, case):
    step = project.load(USED[case]).step
    before = code_of(step).digest
    step()
    assert code_of(step).digest == before
    assert code_of(project.load().step).digest == before
