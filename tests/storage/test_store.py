"""What every backend promises, asked of each; then what is special to one."""

import json
import os
import pickle
import subprocess
import sys
import threading
from types import SimpleNamespace

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


@pytest.mark.parametrize("durable", [True, False])
def test_whether_to_wait_for_a_disk_changes_nothing_else(store, durable):
    store.create("a", b"content", durable=durable)
    store.create("a", b"content", durable=durable)
    assert store.read("a") == b"content"
    store.replace("a", b"other", durable=durable)
    store.sync("a")
    assert store.read("a") == b"other"


def test_what_is_not_there_can_not_be_synced(local):
    with pytest.raises(NotFoundError, match="nothing/here"):
        local.sync("nothing/here")


def test_equal_bytes_that_are_deleted_while_they_are_synced_are_written_again(local, monkeypatch):
    local.create("a", b"content", durable=False)
    sync = type(local._backend).sync

    def too_late(backend, name):
        backend.delete([name])
        monkeypatch.undo()
        sync(backend, name)

    monkeypatch.setattr(type(local._backend), "sync", too_late)
    local.create("a", b"content")
    assert local.read("a") == b"content"


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
    for operation in (later.size, later.version, later.list, later.delete):
        with pytest.raises(FormatError, match="format 99"):
            operation("name")
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
    store = Store("memory://x")
    for url, shown in {
        "s3://key:sec/ret@team/flights": "s3://team/flights",
        "abfs://data@account.dfs.core.windows.net/x": "abfs://data@account.dfs.core.windows.net/x",
    }.items():
        store.url = url
        assert str(store) == shown


@pytest.mark.parametrize("url", ["", "memory://", "s3://", "s3:///", "file://"])
def test_a_url_that_names_no_place_is_refused(url):
    with pytest.raises(InvalidNameError, match="names no place"):
        Store(url)


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
    with pytest.raises(ConflictError, match="both a name and a folder"):
        local.replace("a/b", b"x")
    local.create("folder/b", b"x")
    with pytest.raises(ConflictError, match="both a name and a folder"):
        local.create("folder", b"x")


def test_neither_a_folder_nor_a_path_through_a_name_can_be_found(store):
    store.create("folder/name", b"x")
    for missing in ("folder", "folder/name/below"):
        for operation in (store.read, store.size, store.open):
            with pytest.raises(NotFoundError):
                operation(missing)
        assert store.read_many([missing]) == {}
        store.delete(missing)
    assert store.list("folder/name") == []
    assert store.read("folder/name") == b"x"


def test_a_folder_that_is_a_link_is_listed_like_any_other(local, tmp_path):
    local.create("real/name", b"x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other").write_bytes(b"y")
    local.local_path("linked").symlink_to(elsewhere, target_is_directory=True)
    assert local.list() == ["linked/other", IDENTITY, "real/name"]
    assert local.list(recursive=False) == ["linked/", IDENTITY, "real/"]


def test_a_stream_can_be_read_in_parts_moved_and_told(store):
    store.create("name", b"0123456789\nline")
    with store.open("name") as file:
        assert file.read(3) == b"012"
        assert file.tell() == 3
        assert file.seek(-4, os.SEEK_END) == 11
        assert file.read() == b"line"
        assert file.seek(0) == 0
        assert file.readline() == b"0123456789\n"


def test_a_connection_lost_in_the_middle_of_a_stream_is_tried_again(s3_options, monkeypatch):
    store = Store("s3://team/streams", **s3_options)
    store.replace("name", b"x" * 100_000)
    file = store.open("name")
    opened = file.raw._file._file
    fetch, failures = opened.cache.fetcher, iter([ConnectionResetError("cut"), TimeoutError("cut")])

    def failing(start, end):
        for failure in failures:
            raise failure
        return fetch(start, end)

    monkeypatch.setattr(opened.cache, "fetcher", failing)
    assert file.read() == b"x" * 100_000
    assert next(failures, None) is None


def test_a_stream_that_stays_cut_off_is_unreachable(s3_options, monkeypatch):
    store = Store("s3://team/streams", retry_seconds=0.1, **s3_options)
    store.replace("name", b"x" * 100_000)

    def failing(start, end):
        raise ConnectionResetError("cut")

    with store.open("name") as file:
        monkeypatch.setattr(file.raw._file._file.cache, "fetcher", failing)
        with pytest.raises(UnreachableError, match="did not answer for name"):
            file.read(10)


def test_folder_markers_and_emptied_objects_of_other_tools_do_no_harm(s3_options):
    store = Store("s3://team/markers", **s3_options)
    store.create("folder/name", b"x")
    for marker in ("", "folder/", "folder/deep/", "empty"):
        store._backend.filesystem.call_s3("put_object", Bucket="team", Key=f"markers/{marker}", Body=b"")
    assert store.list() == ["empty", "folder/name", IDENTITY]
    assert store.list("folder") == ["folder/name"]
    assert store.list("folder", recursive=False) == ["folder/deep/", "folder/name"]
    assert store.read("empty") == b""
    assert store.read_many(["empty"]) == {"empty": b""}


def test_a_server_that_forbids_deleting_can_still_be_written(s3_options, monkeypatch):
    store = Store("s3://team/no-delete", **s3_options)

    def refuse(self, names):
        raise PermissionError("delete is denied")

    monkeypatch.setattr(type(store._backend), "delete", refuse)
    store.create("name", b"x")
    assert store.read("name") == b"x"


def test_retrying_begins_with_the_first_failure_however_long_that_took(monkeypatch):
    store = Store("memory://slow", retry_seconds=1)
    clock = iter([1_000, 1_000])  # asked only once something failed: the whole second lies ahead
    answers = iter([ConnectionError("slow to fail"), b"x"])

    def read(name):
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    monkeypatch.setattr(store._backend, "read", read)
    time = SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda delay: None)
    monkeypatch.setattr("mlopskit.storage.store.time", time)
    assert store.read("name") == b"x"


def test_an_error_about_many_names_names_the_first_and_counts_the_rest(monkeypatch):
    store = Store("memory://many", retry_seconds=0)
    store._prepared = True

    def fail(names):
        raise ConnectionError("cut")

    monkeypatch.setattr(store._backend, "read_many", fail)
    with pytest.raises(UnreachableError, match="did not answer for a/0 and 63 more"):
        store.read_many([f"a/{number}" for number in range(64)])


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_files_on_their_way_to_a_store_elsewhere_are_private_and_gone_with_the_process():
    program = (
        "import os\n"
        "from mlopskit.storage.store import Store\n"
        "folder = Store('memory://x').scratch(); (folder / 'left').write_bytes(b'x')\n"
        "if os.fork() == 0:\n"
        "    assert Store('memory://x').scratch() != folder; raise SystemExit\n"
        "assert os.wait()[1] == 0 and (folder / 'left').exists()\n"
        "print(oct(folder.stat().st_mode & 0o777), folder)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    mode, folder = answer.stdout.split()
    assert mode == "0o700"
    assert not os.path.lexists(folder)


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
