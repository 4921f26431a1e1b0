from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopskit.errors import FormatError, NotFoundError
from mlopskit.registry import history
from mlopskit.storage.commit import Change, Commit


def folded(*changes):
    state = history.START
    for number, (operation, arguments) in enumerate(changes, start=1):
        time = datetime(2026, 1, number % 28 + 1, tzinfo=UTC).isoformat()
        state = history.apply(state, Commit(number, "", "", time, "ana", Change(operation, arguments), ""))
    return state


def test_an_operation_of_a_newer_mlopskit_is_refused():
    with pytest.raises(FormatError, match="'retire'"):
        folded(("retire", {"when": "now"}))


@given(st.lists(st.sampled_from(["set", "back"]), max_size=30))
def test_rollbacks_undo_moves_like_a_stack(moves):
    changes, stack = [("register", {"name": "m"})] * 30, []
    for position, move in enumerate(moves, start=1):
        if move == "set":
            stack.append(position)
            changes.append(("set_alias", {"alias": "champion", "version": position}))
        elif len(stack) > 1:
            stack.pop()
            changes.append(("rollback", {"alias": "champion", "version": stack[-1], "reason": ""}))
    assert history.target(folded(*changes), "champion") == (stack[-1] if stack else None)


def test_folding_changes_no_earlier_state():
    before = folded(("register", {"name": "m", "digest": "", "artifacts": {}}))
    kept = repr(before)
    for change in (
        Change("approve", {"version": 1}),
        Change("set_alias", {"alias": "a", "version": 1}),
        Change("register", {}),
    ):
        history.apply(before, Commit(2, "", "", "2026-01-01T00:00:00+00:00", "ana", change, ""))
    assert repr(before) == kept


@pytest.mark.parametrize("text", ["m", "m/", "m/four", "m/4/5", "m/²", ""])
def test_what_names_no_version_is_refused(text):
    with pytest.raises(NotFoundError, match="names no version"):
        history.split(text)
