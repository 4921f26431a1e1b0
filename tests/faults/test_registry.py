"""Registrations and promotions whose processes are killed at every request, on a local disk and on S3."""

import json
import subprocess
import sys

import pytest

from mlopskit.errors import DamagedError, InvalidNameError, NotTrustedError, PermissionDeniedError
from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store

pytestmark = pytest.mark.faults

NAME = "flight-delays"
# Dies at the n-th request to the store, before it is made or after it was answered, for every n there is.
KILLED = """
import json, os, signal, sys
import numpy as np
from mlopskit.registry.registry import Registry
from mlopskit.storage.store import Store

url, options = sys.argv[1], json.loads(sys.argv[2])
attempt = Store._attempt

def act():
    registry = Registry(Store(url, **options))
    version = registry.register("flight-delays", {"weights": np.full(3, os.getpid())}, reference=[os.getpid()])
    registry.promote("flight-delays", version)

def dying(at, after):
    seen = 0
    def attempt_or_die(store, name, operation):
        nonlocal seen
        seen += 1
        number = seen
        if number == at and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return attempt(store, name, operation)
        finally:
            if number == at:
                os.kill(os.getpid(), signal.SIGKILL)
    return attempt_or_die

at, finished = 0, False
while not finished:
    at += 1
    for after in (False, True):
        child = os.fork()
        if child == 0:
            Store._attempt = dying(at, after)
            act()
            os._exit(0)
        finished |= os.waitpid(child, 0)[1] == 0
print(at, flush=True)
"""


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def place(request, tmp_path):
    """A store's URL and its options."""
    if request.param == "local":
        return str(tmp_path / "store"), {}
    return f"s3://team/{tmp_path.name}", request.getfixturevalue("s3_options")


@pytest.mark.timeout(280)
def test_a_kill_at_any_request_leaves_whole_versions_with_numbers_in_a_row(place):
    url, options = place
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, url, json.dumps(options)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    requests = int(process.stdout)
    assert requests > 15  # there were many places to die at
    registry = Registry(Store(url, **options))
    numbers = registry.versions(NAME).index.tolist()
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 5
    for number in numbers:
        model = registry.load(f"{NAME}/{number}")
        assert model.estimator["weights"].tolist() == model.reference * 3
    assert registry.version(f"{NAME}@champion").number in numbers
    assert registry.verify(NAME).ok
    assert registry.register(NAME, {}).number == len(numbers) + 1


@pytest.fixture
def registry(place):
    url, options = place
    registry = Registry(Store(url, **options))
    for depth in (4, 6, 8):
        registry.register(NAME, {"depth": depth}, by="ana")
    registry.set_alias(NAME, "champion", 2, by="ana")
    return registry


def again(registry):
    return Registry(Store(registry.store.url, **registry.store.storage_options))


@pytest.mark.parametrize("harm", ["edited", "deleted", "swapped"])
def test_a_history_that_was_tampered_with_is_found_and_not_believed(registry, harm):
    store = registry.store
    first, second = (f"registry/{NAME}/log/{number:08}.json" for number in (1, 2))
    one, two = store.read(first), store.read(second)
    if harm == "edited":
        store.replace(second, two.replace(b'"depth":6', b'"depth":7').replace(b'"ana"', b'"eve"'))
    elif harm == "deleted":
        store.delete(second)
    else:
        store.replace(first, two)
        store.replace(second, one)
    found = again(registry).verify(NAME)
    assert not found.ok
    assert "commit" in found.problems[0]
    with pytest.raises(DamagedError):
        again(registry).load(f"{NAME}@champion")


def test_a_flipped_bit_in_a_model_is_named(registry):
    kept = registry.version(f"{NAME}@champion").artifacts["model"]["digest"]
    name = f"blobs/{kept[:2]}/{kept}"
    data = bytearray(registry.store.read(name))
    data[len(data) // 2] ^= 1
    registry.store.replace(name, bytes(data))
    with pytest.raises(DamagedError, match=f"The model of {NAME}/2"):
        again(registry).load(f"{NAME}@champion")
    assert f"the model of {NAME}/2" in again(registry).verify(NAME).problems[0]


class Malicious:
    def __reduce__(self):
        return print, ("it ran",)


def test_a_malicious_pickle_does_not_run(registry, monkeypatch, capsys):
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("MLOPSKIT_KEY", "the key of a stranger")
        registry.register("evil", Malicious())
        registry.register("evil", {"depth": 1}, reference=Malicious())
    for version in ("evil/1", "evil/2"):
        with pytest.raises(NotTrustedError):
            again(registry).load(version).reference  # noqa: B018
        assert again(registry).verify("evil").ok
    assert "it ran" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../up", "a\0b", "x" * 10_000, "con/../x", "ä", "<script>"])
def test_a_name_that_is_no_name_is_refused_before_anything_is_written(registry, name):
    before = registry.store.list()
    for act in (registry.register, registry.set_alias):
        with pytest.raises(InvalidNameError, match="can not name a"):
            act(name, *({},) if act == registry.register else ("champion", 1))
    with pytest.raises(InvalidNameError):
        registry.set_alias(NAME, name, 1)
    assert registry.store.list() == before


@pytest.mark.s3
def test_who_may_only_read_reads_and_is_told_what_is_missing_for_writing(s3_options, tmp_path):
    url = f"s3://team/{tmp_path.name}"
    writer = Registry(Store(url, **s3_options))
    writer.register(NAME, {"depth": 4}, by="ana")
    writer.set_alias(NAME, "champion", 1)
    reader = Registry(Store(url, **s3_options | {"key": "reader"}))
    assert reader.load(f"{NAME}@champion").estimator == {"depth": 4}
    assert reader.verify(NAME).ok
    assert reader.models().loc[NAME, "versions"] == 1
    for act in (
        lambda: reader.register(NAME, {"depth": 6}),
        lambda: reader.approve(NAME, 1, by="ben"),
        lambda: reader.remove_alias(NAME, "champion"),
    ):
        with pytest.raises(PermissionDeniedError, match="check credentials and permissions"):
            act()
    assert writer.versions(NAME).index.tolist() == [1]


def test_a_disk_that_may_only_be_read_is_read(small_disk):
    url = small_disk / "store"
    Registry(url).register(NAME, {"depth": 4})
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    try:
        assert Registry(url).load(f"{NAME}/1").estimator == {"depth": 4}
        with pytest.raises(PermissionDeniedError, match="permissions"):
            Registry(url).set_alias(NAME, "champion", 1)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
