"""One winner for each number, an unbroken chain, and a checkpoint that is only believed when it is right."""

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import ConflictError, DamagedError, FormatError, SerializationError
from mlopskit.storage.commit import START, Change, Head
from mlopskit.storage.log import CHECKPOINT_EVERY, CommitLog
from mlopskit.storage.store import Store


def numbers(store):
    """A log whose state is the list of all numbers committed."""
    return CommitLog(
        store, "log/numbers", initial=[], apply=lambda state, commit: [*state, commit.change.arguments["x"]]
    )


def add(x):
    return lambda state: Change("add", {"x": x})


def test_commits_are_numbered_from_one_and_fold_into_the_state(store):
    log = numbers(store)
    assert log.state() == []
    assert log.head() == START
    commits = [log.commit(add(x), actor="ana") for x in (7, 8)]
    assert [commit.number for commit in commits] == [1, 2]
    assert commits[1].previous == commits[0].digest
    assert commits[0].actor == "ana"
    assert numbers(store).state() == [7, 8]
    assert list(numbers(store).commits()) == commits
    assert numbers(store).verify().ok


def test_another_writer_s_commits_are_seen_at_once(store):
    one, other = numbers(store), numbers(store)
    one.commit(add(1))
    other.commit(add(2))
    one.commit(add(3))
    assert one.state() == other.state() == [1, 2, 3]


def test_an_intent_is_asked_again_with_the_state_the_winner_left(store):
    one, other = numbers(store), numbers(store)
    one.state()
    seen = []

    def intent(state):
        seen.append(list(state))
        if len(seen) == 1:
            other.commit(add("winner"))
        return Change("add", {"x": len(state)})

    assert one.commit(intent).number == 2
    assert seen == [[], ["winner"]]
    assert one.state() == ["winner", 1]


def test_an_intent_that_refuses_on_a_stale_state_is_asked_again(store):
    one, other = numbers(store), numbers(store)
    one.state()
    other.commit(add(1))

    def only_second(state):
        if not state:
            raise ConflictError("nothing there yet")
        return Change("add", {"x": 2})

    assert one.commit(only_second).number == 2
    with pytest.raises(ConflictError, match="never"):
        one.commit(lambda state: (_ for _ in ()).throw(ConflictError("never")))


def test_nothing_to_do_commits_nothing(store):
    log = numbers(store)
    log.commit(add(1))
    assert log.commit(lambda state: None) is None
    assert log.head().number == 1


def test_threads_sharing_a_log_lose_nothing(store):
    log = numbers(store)
    threads = [threading.Thread(target=log.commit, args=(add(x),)) for x in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers(store).state()) == list(range(12))


@pytest.fixture
def long_log(local):
    log = numbers(local)
    for x in range(CHECKPOINT_EVERY + 6):
        log.commit(add(x))
    return log


def test_a_cold_reader_starts_from_the_checkpoint(long_log, local):
    reads = []
    original = local.read_many

    class Counting(Store):
        def read_many(self, names):
            names = list(names)
            reads.extend(names)
            return original(names)

    counting = Counting(local.url)
    assert numbers(counting).state() == list(range(CHECKPOINT_EVERY + 6))
    assert "log/numbers/log/00000001.json" not in reads


@pytest.mark.parametrize("spoil", ["garbage", "state", "missing", "head"])
def test_a_wrong_checkpoint_costs_time_and_nothing_else(long_log, local, spoil):
    name = "log/numbers/checkpoint.json"
    checkpoint = json.loads(local.read(name))
    if spoil == "garbage":
        local.replace(name, b"{")
    elif spoil == "missing":
        local.delete(name)
    else:
        checkpoint["content"][spoil] = "wrong"
        local.replace(name, json.dumps(checkpoint).encode())
    assert numbers(local).state() == list(range(CHECKPOINT_EVERY + 6))


def test_a_checkpoint_of_another_history_is_found(long_log, local, tmp_path):
    other = Store(tmp_path / "other")
    log = numbers(other)
    for x in range(CHECKPOINT_EVERY):
        log.commit(add(-x))
    name = "log/numbers/checkpoint.json"
    local.replace(name, other.read(name))
    assert numbers(local).state() == list(range(CHECKPOINT_EVERY + 6))
    assert any("checkpoint" in problem for problem in numbers(local).verify().problems)


def test_an_older_fold_s_checkpoint_is_ignored(long_log, local):
    count = CommitLog(local, "log/numbers", initial=0, apply=lambda state, commit: state + 1, fold=2)
    assert count.state() == CHECKPOINT_EVERY + 6


def file_of(local, number):
    return local.local_path(f"log/numbers/log/{number:08}.json")


def test_an_edited_commit_is_named(long_log, local):
    path = file_of(local, 5)
    path.write_bytes(path.read_bytes().replace(b'"x":4', b'"x":9'))
    assert any("commit 5 " in problem and "was changed" in problem for problem in numbers(local).verify().problems)
    local.delete("log/numbers/checkpoint.json")
    with pytest.raises(DamagedError, match=r"commit 6 .* does not follow"):
        numbers(local).state()


def test_a_missing_commit_is_named_and_its_number_is_not_given_again(long_log, local):
    file_of(local, 5).unlink()
    verification = numbers(local).verify()
    assert any("commit 5 " in problem and "missing" in problem for problem in verification.problems)
    with pytest.raises(DamagedError, match="commit 5"):
        verification.raise_if_damaged()
    local.delete("log/numbers/checkpoint.json")
    with pytest.raises(DamagedError, match=r"commit 5 .* is missing"):
        numbers(local).commit(add(1))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"v":1}', b"\xff\xfe"])
def test_a_truncated_or_garbled_commit_is_named(long_log, local, damage):
    file_of(local, 7).write_bytes(damage)
    assert any("commit 7 " in problem for problem in numbers(local).verify().problems)


def test_reordered_commits_are_found(long_log, local):
    one, two = file_of(local, 3), file_of(local, 4)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert any("reordered" in problem for problem in numbers(local).verify().problems)


def test_a_cut_tail_shows_against_a_published_head_or_the_checkpoint(long_log, local):
    published = long_log.head()
    for number in range(CHECKPOINT_EVERY - 1, CHECKPOINT_EVERY + 7):
        file_of(local, number).unlink()
    assert any("tail was cut off" in problem for problem in numbers(local).verify().problems)
    local.delete("log/numbers/checkpoint.json")
    assert numbers(local).verify().ok
    assert any("tail was cut off" in problem for problem in numbers(local).verify(published).problems)


def test_a_rewritten_history_shows_against_a_published_head(local):
    log = numbers(local)
    log.commit(add(1))
    assert log.verify(log.head()).ok
    assert any("published" in problem for problem in log.verify(Head(1, "0" * 64)).problems)


def test_a_newer_format_is_refused_by_number(local):
    numbers(local).commit(add(1))
    path = file_of(local, 1)
    path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":2'))
    with pytest.raises(FormatError, match="has format 2"):
        numbers(local).state()


@given(st.lists(st.sampled_from("abc"), max_size=20), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_any_interleaving_of_writers_gives_one_history(turns, every):
    store = Store(f"memory://interleaved-{id(turns)}-{len(turns)}")
    store.delete(*store.list())
    writers = {name: numbers(store) for name in "abc"}
    for position, name in enumerate(turns):
        writers[name].commit(add(f"{name}{position}"))
        if position % every == 0:
            assert writers["abc"[position % 3]].state()[-1] == f"{name}{position}"
    assert numbers(store).state() == [f"{name}{position}" for position, name in enumerate(turns)]
    assert numbers(store).verify().ok


def test_what_can_not_be_folded_or_kept_never_becomes_history(local):
    fragile = CommitLog(
        local, "log/numbers", initial=[], apply=lambda state, commit: [1 / commit.change.arguments["x"]]
    )
    with pytest.raises(ZeroDivisionError):
        fragile.commit(add(0))
    assert local.list("log") == []
    with pytest.raises(SerializationError):
        numbers(local).commit(add(object()))
    assert local.list("log") == []


def test_an_intent_that_reads_the_log_is_asked_again_when_that_moved_it(store):
    one, other = numbers(store), numbers(store)
    one.state()
    other.commit(add("only"))

    def only_once(state):
        one.head()
        return None if "only" in state else Change("add", {"x": "only"})

    assert one.commit(only_once) is None
    assert other.state() == ["only"]


def test_a_checkpoint_of_a_commit_that_is_not_the_one_on_the_store_is_not_believed(long_log, local):
    for number in range(CHECKPOINT_EVERY, CHECKPOINT_EVERY + 7):
        file_of(local, number).unlink()
    with pytest.raises(DamagedError, match="the tail was cut off"):
        numbers(local).state()
    kept = local.read("log/numbers/checkpoint.json")
    local.delete("log/numbers/checkpoint.json")
    numbers(local).commit(add("another"))
    local.replace("log/numbers/checkpoint.json", kept)
    assert numbers(local).state()[-1] == "another"


def test_an_unreadable_checkpoint_is_reported(long_log, local):
    local.replace("log/numbers/checkpoint.json", b"{")
    assert any("checkpoint" in problem for problem in numbers(local).verify().problems)


def test_verify_tells_where_the_unbroken_chain_ends(long_log, local):
    second = list(long_log.commits())[1]
    file_of(local, 3).unlink()
    assert numbers(local).verify().head == Head(2, second.digest)
