import pytest

COUNTS = {
    "a nested function": "def step():\n    def inner(): return <1|2>\n    return inner()",
    "what a comprehension reads": "LIMIT = <1|2>\ndef step(): return [x + LIMIT for x in '']",
    "what a default of a nested function reads": """
        LIMIT = <1|2>
        def step():
            def inner(x=LIMIT): return x
            return inner()
    """,
    "what a nested class reads": """
        LIMIT = <1|2>
        def step():
            class Inner:
                limit = LIMIT
            return Inner.limit
    """,
    "what is caught": "def step():\n    try: return 5\n    except <KeyError|ValueError>: return 0",
    "where try ends": """
        def step():
            try:
                f = 5
            finally:
                g = 6
            return f <+ 1|+ 2>
    """,
    "match": "def step(x):\n    match x:\n        case [<1|2>, *rest]: return rest",
    "walrus": "def step(x):\n    if (y := x + <1|2>): return y",
    "f-string": "def step(x): return f'{x:.<1|2>f}'",
    "del": "def step(x):\n    del x[<1|2>]\n    return x",
    "which of two variables": """
        def step(x, y):
            a = x
            b = y
            <return a|return b>
    """,
    "which of two shared variables": """
        def step(x, y):
            a = x
            b = y
            return <lambda: a|lambda: b>
    """,
    "nonlocal": """
        def step():
            a = b = 0
            def inner():
                <nonlocal a|nonlocal b>
                a = 1
            inner()
            return a
    """,
    "keyword of a call": "def step(f): return f(<a=5|b=5>)",
    "order of arguments": "def step(a, b): return <a - b|b - a>",
    "is and is not": "def step(a): return a <is None|is not None>",
    "async": "async def step(x):\n    async with x: return <1|2>",
    "generator": "def step(x):\n    yield <1|2>",
}

COUNTS_NOT = {
    "a comment": "# <one|two>\ndef step(): return 5",
    "a comment inside": """
        def step():
            <# one|# two
            # three>
            return 5
    """,
    "a docstring": "def step():\n    <'''One.'''|'''Two.'''>\n    return 5",
    "no docstring any more": "def step():\n<    '''One.'''\n|>    return 5",
    "a docstring of a nested class": """
        def step():
            class A:
                <'''One.'''|'''Two.'''>
            return A
    """,
    "a local name": "def step(x):\n    <one|two> = x\n    return <one|two> + 1",
    "a local name that a comprehension reads": """
        def step(x):
            <a |z >= x
            b = 2
            return [<a |z >+ b for _ in x]
    """,
    "the name of *args": "def step(*<args|others>): return <args|others>",
    "layout": """
        def step(x): return max<(x, 5)|(
            x,
            5,
        )>
    """,
    "lines between": """
        def helper(): return <1
        |1


        >def step(): return helper()
    """,
    "quotes": "def step(): return <'x'|\"x\">",
    "hints": "def step(x: <int|float>) -> str: return x",
    "hints of local variables": "def step(x):\n    y: <int|float> = x\n    return y",
    "a def for a lambda": "<step = lambda x: x + 1|def step(x):\n    return x + 1>",
    "where a nested class stands": """
        <#
        |#


        >def step():
            class A:
                x = 5
            return A.x
    """,
}


@pytest.mark.parametrize("case", COUNTS)
def test_an_edit_is_seen(edit, case):
    before, after = edit(COUNTS[case])
    assert before != after


@pytest.mark.parametrize("case", COUNTS_NOT)
def test_an_edit_that_changes_nothing_is_not_seen(edit, case):
    before, after = edit(COUNTS_NOT[case])
    assert before == after
