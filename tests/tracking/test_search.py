import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import SearchError
from mlopskit.tracking.run_columns import RunColumns
from mlopskit.tracking.search import matching, ordering


def state(number=0, *, metrics=None, **changes):
    summaries = {
        name: {"last": value, "min": value - 1, "max": value + 1, "mean": value + 0.5, "count": 3}
        for name, value in (metrics or {}).items()
    }
    started = f"2026-03-{number % 28 + 1:02d}T12:00:00+00:00"
    empty = {"id": f"run{number}", "name": f"name-{number}", "experiment": "flights", "user": "ana", "parent": ""}
    ended = {"status": "finished", "started": started, "ended": "2026-04-01T00:00:00+00:00", "seconds": 10.0}
    texts = {"note": "", "deleted": "", "error": "", "params": {}, "tags": {}}
    return {**empty, **ended, **texts, "summaries": summaries, **changes}


def found(states, expression):
    return np.flatnonzero(matching(RunColumns.of(states), expression)).tolist()


def ordered(states, order_by):
    return ordering(RunColumns.of(states), order_by).tolist()


def message(expression, states=()):
    with pytest.raises(SearchError) as caught:
        matching(RunColumns.of(list(states)), expression)
    return str(caught.value)


# -- against a naive reading ----------------------------------------------------------------------

VALUES = st.one_of(
    st.sampled_from([None, True, False, 4, 6, 6.0, 0.5, -1, math.nan, math.inf, "6", "abc", "a%c", "", [1], {"a": 1}])
)
STATES = st.lists(
    st.fixed_dictionaries(
        {
            "params": st.dictionaries(st.sampled_from(["a", "b c"]), VALUES),
            "metrics": st.dictionaries(st.sampled_from(["loss", "val/loss"]), st.sampled_from([0.5, 6.0, math.nan])),
            "status": st.sampled_from(["finished", "failed"]),
            "note": st.sampled_from(["", "abc", "ABC"]),
        }
    ),
    max_size=5,
)
SIGNS = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
NUMBERS = st.sampled_from(["6", "-1", "5e-1", "true", "false", "inf", "nan"])
TEXTS = st.sampled_from(["abc", "6", "True", "a%c", "", "it's", "[1]", '{"a":1}'])


def as_number(value):
    if isinstance(value, (bool, int, float)):
        return float(value)
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else None


def as_text(value):
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (list, dict)) else str(value)


def number_of(literal):
    return {"true": 1.0, "false": 0.0}.get(literal) if literal in ("true", "false") else float(literal)


def compared_with_number(value, sign, literal):
    number, other = as_number(value), number_of(literal)
    if value is None:
        return False
    same = number is not None and (number == other or (math.isnan(number) and math.isnan(other)))
    if sign in ("=", "=="):
        return same
    if sign in ("!=", "<>"):
        return not same
    return number is not None and SIGNS[sign](number, other)


def liked(value, pattern, fold):
    regex = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return value is not None and bool(re.fullmatch(regex, as_text(value), re.IGNORECASE if fold else 0))


PARAM = st.sampled_from(
    [("params.a", lambda run: run["params"].get("a")), ('params."b c"', lambda run: run["params"].get("b c"))]
)
METRIC = st.sampled_from(
    [
        ("metrics.loss", lambda run: run["metrics"].get("loss")),
        ("metric.`val/loss`", lambda run: run["metrics"].get("val/loss")),
        ("min( metrics.loss )", lambda run: run["metrics"]["loss"] - 1 if "loss" in run["metrics"] else None),
    ]
)  # fmt: skip
NOTE = st.just(("note", lambda run: run["note"]))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


@st.composite
def conditions(draw):
    """A condition without and, or, not; and what it should say of a run."""
    kind = draw(st.sampled_from(["number", "mirrored", "text", "in", "like", "null"]))
    if kind in ("number", "mirrored"):
        name, get = draw(PARAM | METRIC)
        sign, literal = draw(st.sampled_from(sorted(SIGNS))), draw(NUMBERS)
        mirror = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
        text = f"{name} {sign} {literal}" if kind == "number" else f"{literal}{mirror}{name}"
        return text, lambda run: compared_with_number(get(run), sign, literal)
    name, get = draw(PARAM | NOTE)
    no = draw(st.booleans())
    if kind == "text":
        sign, literal = draw(st.sampled_from(["=", "!="])), draw(TEXTS)
        return (
            f"{name}{sign}{quoted(literal)}",
            lambda run: get(run) is not None and SIGNS[sign](as_text(get(run)), literal),
        )
    if kind == "in":
        literals = draw(st.lists(TEXTS, min_size=1, max_size=3))
        listed = f"{name} {'NOT ' * no}In ({', '.join(map(quoted, literals))})"
        return listed, lambda run: get(run) is not None and (as_text(get(run)) in literals) != no
    if kind == "like":
        word, pattern = (
            draw(st.sampled_from(["like", "ILIKE"])),
            draw(st.sampled_from(["a%", "%C", "_b_", "a\\%c", "%"])),
        )
        text = f"{name} {'not ' * no}{word} '{pattern}'"
        return text, lambda run: get(run) is not None and liked(get(run), pattern, word == "ILIKE") != no
    return f"{name} is {'not ' * no}null", lambda run: (get(run) is None or (name == "note" and not get(run))) != no


def joined(parts):
    word = st.sampled_from(["and", "OR"])
    pairs = st.tuples(parts, word, parts).map(
        lambda p: (
            f"({p[0][0]}) {p[1]} ({p[2][0]})",
            lambda run: (p[0][1](run) and p[2][1](run)) if p[1] == "and" else (p[0][1](run) or p[2][1](run)),
        )
    )
    return pairs | parts.map(lambda p: (f"not ({p[0]})", lambda run: not p[1](run)))


@settings(max_examples=300, deadline=None)
@given(STATES, st.recursive(conditions(), joined, max_leaves=4))
def test_an_expression_finds_what_a_naive_reading_finds(runs, condition):
    expression, says = condition
    states = [state(number, **run) for number, run in enumerate(runs)]
    assert found(states, expression) == [number for number, run in enumerate(runs) if says(run)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="am. '\"()=<>,-1enotd\n%_", max_size=30) | st.text(max_size=20))
def test_any_text_is_understood_or_refused_with_the_place(text):
    try:
        matching(RunColumns.of([state()]), text)
    except SearchError as error:
        refusal = str(error)
    else:
        refusal = "^"
    assert "^" in refusal


# -- grammar ----------------------------------------------------------------------------------------


def test_and_binds_closer_than_or_and_not_closest():
    states = [state(0, params={"a": a, "b": b, "c": c}) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    expected = [n for n in range(8) if bool(n & 4) or (not n & 2 and bool(n & 1))]
    assert found(states, "params.a = 1 or not params.b = 1 and params.c = 1") == expected


@pytest.mark.parametrize("expression", ["", "  ", "\n"])
def test_an_empty_expression_finds_all(expression):
    assert found([state(0), state(1)], expression) == [0, 1]


def test_nothing_is_found_among_no_runs():
    assert found([], "params.x > 3 and name = 'a' or metrics.y is null") == []


@pytest.mark.parametrize("name", ["val/loss", "a.b", "precision@10", "data-size", "x:y", "ünï", "and", "1st"])
def test_names_with_slashes_dots_and_dashes_need_no_quotes(name):
    assert found([state(0, metrics={name: 0.5}), state(1)], f"metrics.{name}>0") == [0]


@pytest.mark.parametrize(
    ("written", "name"),
    [('"a b/c"', "a b/c"), ('`a"b`', 'a"b'), ('"a""b"', 'a"b'), ("'it''s'", "it's"), ('"a\nb"', "a\nb"), ('""', "")],
)
def test_other_names_are_quoted(written, name):
    assert found([state(0, params={name: 1}), state(1)], f"params.{written} = 1") == [0]


def test_a_text_holds_quotes_and_keywords():
    states = [state(0, note='it\'s and "or"'), state(1)]
    assert found(states, "note = 'it''s and \"or\"'") == found(states, 'note = "it\'s and ""or"""') == [0]


def test_all_points_of_a_metric_can_be_asked_for():
    states = [state(0, metrics={"loss": 1.0}), state(1)]
    parts = {"last": 1.0, "min": 0.0, "max": 2.0, "mean": 1.5, "count": 3}
    for part, value in parts.items():
        assert found(states, f"{part}(metrics.loss) = {value}") == [0]


# -- what MLflow's users write --------------------------------------------------------------------


def test_a_number_is_found_by_its_text_and_a_text_by_its_number():
    states = [
        state(0, params={"max_depth": 6}),
        state(1, params={"max_depth": "6"}),
        state(2, params={"max_depth": 10}),
    ]
    assert found(states, "params.max_depth = '6'") == [0, 1]
    assert found(states, "param.max_depth = 6") == [0, 1]
    assert found(states, "params.max_depth > 6") == [2]


def test_attributes_and_status_may_be_written_as_there():
    states = [state(0), state(1, status="failed")]
    assert found(states, "attributes.status = 'FINISHED' and attribute.name like 'name%'") == [0]


def test_what_is_absent_matches_nothing_but_is_null():
    states = [state(0, tags={"team": "ops"}), state(1), state(2, tags={"team": None})]
    assert found(states, "tags.team != 'web'") == [0]
    assert found(states, "tags.team not in ('web') or tags.team not like 'w%'") == [0]
    assert found(states, "tags.team is null") == [1, 2]
    assert found(states, "not tags.team = 'web'") == [0, 1, 2]
    assert found(states, "tags.nobody_has_this != 1") == []


def test_empty_texts_of_a_run_are_null_and_can_be_compared():
    states = [state(0), state(1, parent="run0")]
    assert found(states, "parent is null") == found(states, "parent = ''") == found(states, "parent != 'run0'") == [0]


def test_the_seconds_of_a_running_run_are_null():
    states = [state(0), state(1, status="running", ended="", seconds=0.0)]
    assert found(states, "seconds < 100") == [0]
    assert found(states, "seconds is null and ended is null") == [1]


# -- times ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("started > '2026-03-01'", [0, 1, 2]),
        ("started >= '2026-03-02T12:00Z'", [1, 2]),
        ("started = '2026-03-02 13:00+01:00'", [1]),
        ("started < '2026-03-02T12:00:00'", [0]),
        ("'2026-03-03' < started", [2]),
        ("started in ('2026-03-01T12:00', '2026-03-03T12:00')", [0, 2]),
    ],
)
def test_times_compare_with_iso_texts_in_utc(expression, expected):
    assert found([state(n) for n in range(3)], expression) == expected


# -- errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "place", "remedy"),
    [
        ("statsu = 'failed'", "statsu", "Did you mean status"),
        ("start_time > '2026-01-01'", "start_time", "Did you mean started"),
        ("parms.x = 1", "parms", "Did you mean params"),
        ("mni(metrics.x) = 1", "mni", "Did you mean min"),
        ("min(params.x) = 1", "params.x", "is for metrics"),
        ("min(metrics.x = 1", "=", "Close it"),
        ("metrics.x >> 1", ">", "Here belongs a number"),
        ("metrics.x > ", "^", "Here belongs a number"),
        ("metrics.x", "^", "comparison belongs here"),
        ("metrics.x > '0.7'", "'0.7'", "write 0.7 without quotes"),
        ("metrics.x like 'a'", "like", "is for texts"),
        ("params.x > '4'", "'4'", "write 4 without quotes"),
        ("name = 5", "5", "write '5'"),
        ("status = finished", "finished", "'finished'"),
        ("status = 'finishd'", "'finishd'", "Did you mean finished"),
        ("started > 5", "5", "write it as '2026-03-01'"),
        ("started > 'yesterday'", "'yesterday'", "no time"),
        ("params.x = null", "null", "is null"),
        ("params.x is 5", "5", "null or not null"),
        ("params.x not = 5", "=", "in, like or ilike"),
        ("params.x in 5", "5", "comes a list"),
        ("params.x in (5", "^", "separated by commas"),
        ("(params.x = 5", "^", "close it with )"),
        ("params.x = 5)", ")", "joined by and"),
        ("params.x = 5 params.y = 4", "params.y", "joined by and"),
        ("params.x = 5 && params.y = 4", "&", "and, or and not"),
        ("params.x = 'open", "'", "never closed"),
        ("params. = 3", ".", "comes a name"),
        ("a # b", "#", "no meaning"),
        ("metrics.a > metrics.b", "metrics.b", "can not be compared"),
        ("and", "and", "what to look at"),
        ("metrics.x = 1\nand metrics.y ~ 2", "~", "and, or and not"),
    ],
)  # fmt: skip
def test_an_error_points_at_the_place_and_names_the_remedy(expression, place, remedy):
    _, line, carets, said = message(expression).split("\n")
    start, length = carets.index("^"), carets.count("^")
    assert line.strip() == expression.strip().split("\n")[-1]
    assert place in (line[start : start + length], carets.strip())
    assert remedy in said


def test_an_error_of_a_long_line_keeps_to_that_line():
    text = message("metrics.x = 1 or\n  statsu = 'a'\nor name = 'b'")
    assert "statsu = 'a'\n      ^^^^^^\n" in text


def test_deep_nesting_is_refused_and_long_chains_are_not():
    assert "nested" in message("(" * 5000)
    assert "nested" in message("not " * 5000)
    assert found([state()], " or ".join(["params.x = 1"] * 2000)) == []


def test_an_expression_is_a_text():
    with pytest.raises(SearchError, match="a text, not int"):
        matching(RunColumns.of([]), 5)


# -- order --------------------------------------------------------------------------------------------


def test_without_an_order_the_newest_run_comes_first():
    assert ordered([state(1), state(3), state(2)], None) == [1, 2, 0]
    assert ordered([state(1), state(3), state(2)], []) == [1, 2, 0]


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ("metrics.x", [2, 0, 3, 1]),
        ("metrics.x ASC", [2, 0, 3, 1]),
        ("metrics.x desc", [0, 2, 3, 1]),
        ("params.a, metrics.x desc", [0, 2, 1, 3]),
        (["params.a desc", "started"], [3, 0, 1, 2]),
        ("started", [0, 1, 2, 3]),
        ("name DESC", [3, 2, 1, 0]),
        ("max(metrics.x) desc", [0, 2, 3, 1]),
        ("params.nobody_has_this", [3, 2, 1, 0]),
        ('params."a"', [2, 1, 0, 3]),
    ],
)
def test_order_is_stable_and_has_what_is_missing_last(order_by, expected):
    metrics = [{"x": 2.0}, {}, {"x": 1.0}, {"x": math.nan}]
    states = [state(n, metrics=m, params={"a": "b" if n == 3 else 5}) for n, m in enumerate(metrics)]
    assert ordered(states, order_by) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, max_size=8), st.booleans())
def test_params_are_ordered_numbers_first_then_texts_then_what_is_missing(values, descending):
    states = [state(n, params={"a": value}) for n, value in enumerate(values)]

    def missing(n):
        number = as_number(values[n])
        return values[n] is None or (number is not None and math.isnan(number))

    def key(n):
        number = as_number(values[n])
        return (0, number, "") if number is not None else (1, 0.0, as_text(values[n]))

    newest_first = range(len(values) - 1, -1, -1)
    known = sorted([n for n in newest_first if not missing(n)], key=key)
    if descending:
        known = sorted([n for n in range(len(values)) if not missing(n)], key=key)[::-1]
    rest = [n for n in newest_first if missing(n)]
    assert ordered(states, f"params.a {'desc' if descending else ''}") == known + rest


def test_texts_of_a_run_are_ordered_as_texts():
    assert ordered([state(0, name="9"), state(1, name="10"), state(2, name="")], "name") == [1, 0, 2]


def test_only_the_asked_rows_are_ordered():
    columns = RunColumns.of([state(n, params={"a": -n}) for n in range(4)])
    assert ordering(columns, "params.a", np.array([True, False, True, True])).tolist() == [3, 2, 0]


@pytest.mark.parametrize("order_by", ["statsu", "metrics.x downwards", "metrics.x desc,", "", ["name", "5"], [5]])
def test_an_order_that_can_not_be_understood_is_refused(order_by):
    with pytest.raises(SearchError):
        ordered([state()], order_by)
