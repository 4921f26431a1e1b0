"""What is small lies in the artifact's own record: the same value, digest and consent, and no file."""

import json
import os
import stat
from base64 import b64encode

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import DamagedError, FormatError, MissingDependencyError, NotTrustedError
from mlopskit.storage.artifacts import Artifacts, artifact_from_json, artifact_to_json, leaves
from mlopskit.storage.blobs import Blobs
from mlopskit.storage.garbage import Garbage, collect_garbage

LIMIT = 4096
FRAME = pd.DataFrame({"a": [1.0, np.nan], "s": ["x", None]})


@attrs.frozen
class Point:
    """Something only cloudpickle can keep."""

    x: int


@pytest.fixture
def artifacts(local):
    return Artifacts(local)


def through_json(artifact):
    return artifact_from_json(json.loads(json.dumps(artifact_to_json(artifact))))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.binary(max_size=9)
    | st.builds(np.float32, st.integers(0, 9))
    | st.builds(slice, st.integers(0, 9)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=values, limit=st.sampled_from([1, 2, 20, LIMIT]))
@settings(max_examples=80, deadline=None)
def test_any_value_comes_back_the_same_from_its_record_as_from_blobs(value, limit):
    artifacts = Artifacts("memory://inline")
    kept, as_blobs = through_json(artifacts.save(value, inline=limit)), artifacts.save(value)
    assert repr(artifacts.load(kept)) == repr(artifacts.load(as_blobs)) == repr(value)
    assert kept.digest == as_blobs.digest
    for leaf, blob in zip(leaves(kept), leaves(as_blobs), strict=True):
        assert attrs.evolve(leaf, content=None) == blob
        assert (leaf.content is not None) == (leaf.blob.size <= limit)


@pytest.mark.parametrize("value", [FRAME, FRAME["s"], FRAME.index, np.arange(6).reshape(2, 3)], ids=type)
def test_frames_and_arrays_come_back_from_their_record(artifacts, local, value):
    kept = through_json(artifacts.save(value, inline=1 << 20))
    assert local.list() == []
    assert repr(artifacts.load(kept)) == repr(value)
    assert artifacts.load(kept).shape == value.shape


def test_nothing_is_inline_unless_asked_for(artifacts):
    for value in ("", b"", None, {"a": 1}):
        saved = artifacts.save(value)
        assert saved.content is None
        assert "content" not in artifact_to_json(saved)
    assert artifacts.save("", inline=1).content == b""


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 3 << 20])
def test_the_limit_is_the_number_of_bytes_and_beyond_it_is_a_blob(artifacts, local, size):
    saved = artifacts.save(bytes(size), inline=LIMIT)
    assert (saved.content is None) == (size > LIMIT)
    assert len(local.list("blobs")) == (size > LIMIT)
    assert artifacts.load(saved) == bytes(size)


def test_the_parts_of_a_group_are_inline_one_by_one(artifacts, local):
    value = {"big": np.arange(LIMIT), "small": np.arange(3), "more": [Point(1), "text", None]}
    saved = artifacts.save(value, inline=LIMIT)
    assert [leaf.content is None for leaf in leaves(saved)] == [True, False, False, False, False]
    assert len(local.list("blobs")) == 1
    loaded = artifacts.load(through_json(saved))
    np.testing.assert_array_equal(loaded["big"], value["big"])
    assert loaded["more"] == value["more"]
    assert artifacts.verify(saved) == []
    local.delete(*local.list("blobs"))
    assert len(artifacts.verify(saved)) == 1


@pytest.mark.parametrize("content", [b'{"a":2}', b'{"a":1', b"", b'{"a":1}\n'])
def test_content_that_was_tampered_with_is_refused(artifacts, content):
    saved = artifacts.save({"a": 1}, inline=LIMIT)
    record = artifact_to_json(saved) | {"content": b64encode(content).decode()}
    tampered = artifact_from_json(record)
    assert tampered.digest == saved.digest
    with pytest.raises(DamagedError, match=r"builtins\.dict kept in its own record"):
        artifacts.load(tampered)
    assert len(artifacts.verify(tampered)) == 1


def test_code_in_a_record_needs_consent_before_it_is_looked_at(artifacts, monkeypatch):
    saved = artifacts.save(Point(3), inline=LIMIT)
    other = artifacts.save(Point(4), inline=LIMIT)
    assert artifacts.load(saved) == Point(3)
    with pytest.raises(DamagedError):
        artifacts.load(attrs.evolve(saved, content=other.content))
    with pytest.raises(NotTrustedError):
        artifacts.load(attrs.evolve(other, signature=saved.signature))
    monkeypatch.setenv("MLOPSKIT_KEY", "the secret of somebody else")
    with pytest.raises(NotTrustedError):
        artifacts.load(saved)
    assert artifacts.load(saved, trust=True) == Point(3)


@pytest.mark.parametrize("content", ["?", "YQ", 1, None, ["YQ=="]])
def test_content_that_is_not_base64_is_no_record(artifacts, content):
    record = artifact_to_json(artifacts.save("a", inline=LIMIT)) | {"content": content}
    with pytest.raises(FormatError):
        artifact_from_json(record)


def test_content_is_not_shown(artifacts):
    assert "secret" not in repr(artifacts.save("secret", inline=LIMIT))


def test_garbage_does_not_concern_what_lies_in_a_record(local):
    artifacts, blobs = Artifacts(local), Blobs(local)
    saved = artifacts.save({"kept": np.arange(LIMIT), "inline": np.arange(3)}, inline=LIMIT)
    blobs.put(b"nobody")
    record = artifact_to_json(saved)
    local.create("records/a.json", json.dumps(record).encode())
    assert blobs.spares(record)
    assert collect_garbage(local) == Garbage(1, 6)
    assert blobs.spares(record)
    assert artifacts.verify(saved) == []


def test_an_inline_leaf_is_spared_even_if_its_bytes_were_condemned_as_a_blob(local):
    artifacts = Artifacts(local)
    as_blob = artifacts.save("text")
    collect_garbage(local)
    assert not artifacts.blobs.spares(artifact_to_json(as_blob))
    assert artifacts.blobs.spares(artifact_to_json(artifacts.save("text", inline=LIMIT)))


def test_a_preferred_format_is_taken_for_the_values_it_is_for(artifacts):
    assert artifacts.save(FRAME, prefer=["columns"]).serializer == "columns"
    assert artifacts.save({"a": FRAME}, prefer=["columns"]).items[0].serializer == "columns"
    assert artifacts.save("text", prefer=["columns", "cloudpickle"]).serializer == "cloudpickle"
    assert artifacts.save({"a": 1}, prefer=["columns"]).serializer == "json"
    assert artifacts.save(Point(1), prefer=["columns"]).serializer == "cloudpickle"


def test_a_preferred_format_that_refuses_a_value_gives_way_to_the_others(artifacts):
    assert artifacts.save(pd.Series([{1}]), prefer=["columns"]).serializer == "cloudpickle"


def test_a_preferred_format_that_nobody_knows_is_said(artifacts):
    with pytest.raises(MissingDependencyError, match="hologram"):
        artifacts.save(1, prefer=["hologram"])


@pytest.mark.parametrize("durable", [True, False])
def test_durable_is_about_the_parts_of_a_group_too(artifacts, local, monkeypatch, durable):
    local.create("first", b"x")  # makes the store
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISREG(os.fstat(descriptor).st_mode)))
    artifacts.save({"a": np.arange(9), "b": FRAME}, durable=durable)
    assert sum(synced) == (2 if durable else 0)
