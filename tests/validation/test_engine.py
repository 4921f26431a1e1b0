from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.validation import Validator, checks
from mlopskit.validation.engine import Evaluation

SUITE = (
    checks.NotNull("number", "text"),
    checks.Between("number", -1, 1),
    checks.OneOf("text", ["a", "b"]),
    checks.Matches("text", "[ab]"),
    checks.Compare("number", "<", "other"),
    checks.Unique("text"),
    checks.Unique("number", "other"),
    checks.HasColumns("number", "nope"),
    checks.RowCount(3, 5),
    checks.Between("nope", 0, 1),
    checks.Between("text", 0, 1),
    checks.Monotonic("number"),
    checks.Determines("text", column="number"),
    checks.NoDuplicateRows(),
    checks.PerGroup(checks.Between("number", -1, 1), by="text"),
)
numbers = st.one_of(st.none(), st.integers(-2, 2).map(float))
rows = st.lists(st.tuples(numbers, numbers, st.sampled_from(["a", "b", "c", None])), max_size=25)
cuts = st.lists(st.integers(0, 25), max_size=4).map(sorted)


def frame_of(values):
    index = [f"row {place % 7}" for place in range(len(values))]
    frame = pd.DataFrame(values, columns=["number", "other", "text"], index=pd.Index(index, dtype=object))
    return frame.astype({"number": float, "other": float, "text": object})


def cut(frame, places):
    edges = [0, *places, len(frame)]
    return [frame.iloc[start:stop] for start, stop in pairwise(edges)]


def verdicts(report):
    """Which dtype an impossible comparison met is not part of the answer."""
    return [(each.check, each.status, each.failed, each.rows, each.examples, each.labels) for each in report.results]


@settings(max_examples=40, deadline=None)
@given(rows, cuts)
def test_chunks_give_the_answer_of_the_whole_frame(values, places):
    frame = frame_of(values)
    whole, chunked = Validator(SUITE).validate(frame), Validator(SUITE).validate(iter(cut(frame, places)))
    assert verdicts(whole) == verdicts(chunked)
    assert whole.rows == chunked.rows
    assert all(each.labels == tuple(frame.index[list(each.examples)]) for each in whole.results)


@settings(max_examples=40, deadline=None)
@given(rows, cuts, st.integers(0, 5))
def test_merged_evaluations_give_the_answer_of_one(values, places, split):
    frame = frame_of(values)
    pieces = cut(frame, places)
    first, second = Evaluation(SUITE), Evaluation(SUITE)
    for piece in pieces[:split]:
        first.update(piece)
    for piece in pieces[split:]:
        second.update(piece)
    first.merge(second)
    assert verdicts(first.finish()) == verdicts(Validator(SUITE).validate(frame))


def test_no_chunk_at_all_is_no_pass():
    report = Validator([checks.NotNull("x"), checks.HasColumns("x")]).validate(iter([]))
    assert not report.ok
    assert {result.message for result in report.results} == {"there was no frame to look at"}


def test_a_message_names_few_of_many_columns():
    wide = pd.DataFrame({f"column {place}": [[1], [1]] for place in range(100)})
    for check in (checks.Unique(*wide.columns), checks.Satisfies(lambda rows: 1 / 0, *wide.columns)):
        result = Validator([check]).validate(wide).results[0]
        assert (result.status, "column 4" in result.message, "95 more" in result.message) == ("error", True, True)
        assert len(result.message) < 250


def test_a_problem_in_one_chunk_stays():
    chunks = [pd.DataFrame({"x": pd.array(["a"], dtype="string")}), pd.DataFrame({"x": [1]})]
    assert Validator([checks.Between("x", 0, 1)]).validate(chunks).results[0].status == "error"
    assert Validator([checks.Between("x", 0, 1)]).validate(chunks[::-1]).results[0].status == "error"


def test_parts_that_one_check_can_not_join_leave_the_others_their_verdict():
    numbers, texts = (Evaluation((checks.Monotonic("a"), checks.NotNull("a"))) for _ in range(2))
    numbers.update(pd.DataFrame({"a": [1, 2]}))
    texts.update(pd.DataFrame({"a": ["secret", "secrets"]}))
    numbers.merge(texts)
    joined, present = numbers.finish().results
    assert (joined.status, present.status) == ("error", "passed")
    assert "secret" not in joined.message
