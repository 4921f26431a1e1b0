"""What every backend promises, asked of each; then what is special to one."""

import json
import os
import pickle
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from mlopskit.errors import (
    ConflictError,
    FormatError,
    InvalidNameError,
    NotFoundError,
    StoreFullError,
    UnreachableError,
    UnsupportedBackendError,
)
from mlopskit.storage.store import IDENTITY, Store


def test_what_is_created_is_read_back(store):
    store.create("a/b/c.json", b"content")
    assert store.read("a/b/c.json") == b"content"
    assert store.size("a/b/c.json") == 7


def test_creating_a_taken_name_is_a_conflict_and_changes_nothing(store):
    store.create("name", b"first")
    with pytest.raises(ConflictError, match="name exists with other content"):
        store.create("name", b"second")
    assert store.read("name") == b"first"


def test_creating_the_same_bytes_again_succeeds_so_that_a_lost_reply_does_no_harm(store):
    store.create("name", b"first")
    store.create("name", b"first")


def test_a_missing_name_is_not_found(store):
    with pytest.raises(NotFoundError, match="missing does not exist"):
        store.read("missing")
    with pytest.raises(FileNotFoundError):
        store.size("missing")
    with pytest.raises(NotFoundError):
        store.open("missing").read()


def test_read_many_leaves_out_what_is_missing(store):
    store.create("one", b"1")
    store.create("two", b"2")
    assert store.read_many(["one", "none", "two"]) == {"one": b"1", "two": b"2"}
    assert store.read_many([]) == {}


def test_replace_overwrites_whole(store):
    store.replace("name", b"a long first content")
    store.replace("name", b"short")
    assert store.read("name") == b"short"


def test_replace_only_if_unchanged_where_the_backend_can(store):
    store.replace("name", b"first")
    if store.local_path("name") is not None:
        with pytest.raises(UnsupportedBackendError, match="can not compare and swap"):
            store.version("name")
        with pytest.raises(UnsupportedBackendError):
            store.replace("name", b"second", version="any")
        assert store.read("name") == b"first"
        return
    version = store.version("name")
    store.replace("name", b"second", version=version)
    with pytest.raises(ConflictError, match="has changed"):
        store.replace("name", b"third", version=version)
    assert store.read("name") == b"second"


def test_list_is_sorted_recursive_or_not_and_knows_folders(store):
    for name in ("b/2", "b/1", "b/deep/x", "a", "bb/1"):
        store.create(name, b"x")
    assert [name for name in store.list() if name != IDENTITY] == ["a", "b/1", "b/2", "b/deep/x", "bb/1"]
    assert store.list("b") == ["b/1", "b/2", "b/deep/x"]
    assert store.list("b", recursive=False) == ["b/1", "b/2", "b/deep/"]
    assert store.list("nothing") == []


def test_delete_removes_and_forgives_what_is_gone(store):
    store.create("one", b"1")
    store.delete("one", "never")
    assert store.read_many(["one"]) == {}


def test_a_file_becomes_a_name_only_once(store):
    def staged(content):
        path = store.scratch() / f"staged-{os.getpid()}"
        path.write_bytes(content)
        return path

    store.create_from_file("big", staged(b"x" * 100_000))
    assert store.size("big") == 100_000
    with pytest.raises(ConflictError):
        store.create_from_file("big", staged(b"other"))
    assert store.read("big")[:3] == b"xxx"
    with store.open("big") as file:
        assert sum(len(block) for block in iter(lambda: file.read(30_000), b"")) == 100_000


def test_empty_content_is_refused_before_anything_is_written(store):
    with pytest.raises(ValueError, match="at least a byte"):
        store.create("name", b"")
    assert store.list() == []


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden", "a\x00b", "a\nb", "x" * 129, "a/" * 400 + "a", "ä"],
)
def test_dangerous_names_are_refused_everywhere(local, name):
    for operation in (local.read, local.size, local.version, local.open, local.local_path, local.delete):
        with pytest.raises(InvalidNameError):
            operation(name)
    for operation in (local.create, local.replace):
        with pytest.raises(InvalidNameError):
            operation(name, b"x")
    assert not (local.scratch().parent / IDENTITY).exists()


def test_of_many_threads_exactly_one_creates_a_name(store):
    winners = []

    def create(number):
        try:
            store.create("contested", f"writer {number}".encode())
        except ConflictError:
            return
        winners.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert store.read("contested") == f"writer {winners[0]}".encode()


def test_equal_urls_share_everything_and_stores_travel_to_other_processes(store):
    store.create("name", b"x")
    again = pickle.loads(pickle.dumps(store))
    assert again == store
    assert hash(again) == hash(store)
    assert again.read("name") == b"x"
    assert Store.of(store) is store


def test_a_store_of_a_newer_format_is_refused(store):
    store.create("name", b"x")
    identity = json.loads(store.read(IDENTITY))
    store.replace(IDENTITY, json.dumps({**identity, "format": 99}).encode())
    later = pickle.loads(pickle.dumps(store))
    with pytest.raises(FormatError, match="format 99"):
        later.read("name")
    store.replace(IDENTITY, b"not json")
    with pytest.raises(FormatError, match="not readable"):
        pickle.loads(pickle.dumps(store)).read("name")


def test_reading_an_empty_store_writes_nothing(local):
    assert local.list() == []
    with pytest.raises(NotFoundError):
        local.read("name")
    assert not local.local_path("x").parent.exists()


def test_the_url_decides_the_default_and_never_shows_credentials(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Store().url == str(tmp_path / "mlopskit-store")
    monkeypatch.setenv("MLOPSKIT_STORE", "memory://other")
    assert Store().url == "memory://other"
    assert Store(f"file://{tmp_path}").url == str(tmp_path)
    assert repr(Store("s3://key:secret@team/flights")) == "Store('s3://team/flights')"


def test_a_filesystem_that_can_not_create_exclusively_is_refused_by_name():
    with pytest.raises(UnsupportedBackendError, match="ftp:// is not known"):
        Store("ftp://host/folder")
    with pytest.raises(TypeError, match="takes no storage options"):
        Store("folder", key="x")


def test_a_server_that_ignores_the_condition_is_found_out_before_anything_is_kept(s3_options, monkeypatch):
    store = Store("s3://team/careless", **s3_options)
    monkeypatch.setattr(
        type(store._backend),
        "create",
        lambda self, name, data, durable: self.filesystem.pipe_file(self._at(name), data),
    )
    with pytest.raises(UnsupportedBackendError, match="overwrote a name"):
        store.create("name", b"x")
    assert store.list() == []


def test_a_store_that_does_not_answer_is_unreachable_after_retries(s3_options):
    nobody = {**s3_options["client_kwargs"], "endpoint_url": "http://127.0.0.1:9"}
    store = Store("s3://team/x", retry_seconds=1, key="k", secret="s", client_kwargs=nobody)
    with pytest.raises(UnreachableError, match="did not answer for"):
        store.read("name")


def test_a_missing_bucket_says_so(s3_options):
    store = Store("s3://no-such-bucket/x", **s3_options)
    with pytest.raises(NotFoundError, match="that the bucket was made"):
        store.create("name", b"x")


def test_a_name_can_not_be_a_folder_as_well(local):
    local.create("a", b"x")
    with pytest.raises(ConflictError, match="both a name and a folder"):
        local.create("a/b", b"x")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to become another user")
def test_a_folder_that_may_not_be_written_is_read_but_refuses_writes(local):
    local.create("name", b"x")
    program = (
        "import os, sys\n"
        "from mlopskit.storage.store import Store\n"
        "from mlopskit.errors import PermissionDeniedError\n"
        "os.setuid(65534)\n"
        "store = Store(sys.argv[1]); assert store.read('name') == b'x'\n"
        "try: store.create('other', b'y')\n"
        "except PermissionDeniedError as error: print(error)\n"
    )
    for folder in [*local.local_path("x").parents][:-1]:
        folder.chmod(0o755)
    answer = subprocess.run([sys.executable, "-c", program, local.url], capture_output=True, text=True, check=False)
    assert "refused" in answer.stdout, answer.stderr
    assert local.list() == [IDENTITY, "name"]


def test_a_full_disk_leaves_what_was_there(small_disk):
    store = Store(small_disk / "store")
    store.create("kept", b"k" * 10_000)
    with pytest.raises(StoreFullError, match="is full"):
        store.create("big", os.urandom(4_000_000))
    with pytest.raises(StoreFullError):
        store.replace("kept", os.urandom(4_000_000))
    assert store.read("kept") == b"k" * 10_000
    assert store.list() == ["kept", IDENTITY]
    assert list(store.scratch().iterdir()) == []


class StoreAgainstDictionary(RuleBasedStateMachine):
    """Any sequence of operations leaves a store equal to a plain dictionary."""

    names = st.sampled_from(["a", "b/c", "b/d", "e"])
    contents = st.binary(min_size=1, max_size=20)

    def __init__(self):
        super().__init__()
        self.store = Store(f"memory://{id(self)}-{os.urandom(4).hex()}")
        self.model = {}

    @rule(name=names, data=contents)
    def create(self, name, data):
        if self.model.get(name, data) == data:
            self.store.create(name, data)
            self.model[name] = data
        else:
            with pytest.raises(ConflictError):
                self.store.create(name, data)

    @rule(name=names, data=contents)
    def replace(self, name, data):
        self.store.replace(name, data)
        self.model[name] = data

    @rule(name=names)
    def delete(self, name):
        self.store.delete(name)
        self.model.pop(name, None)

    @rule()
    def agree(self):
        names = [name for name in self.store.list() if name != IDENTITY]
        assert names == sorted(self.model)
        assert self.store.read_many(names) == self.model


TestStoreAgainstDictionary = StoreAgainstDictionary.TestCase
TestStoreAgainstDictionary.settings = settings(max_examples=30, deadline=None)


@given(data=st.binary(min_size=1, max_size=5_000))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_come_back_exactly(local, data):
    local.replace("name", data)
    assert local.read("name") == data
