"""Any value comes back exactly; nothing that can carry code is loaded without consent."""

import os
import pickle
import subprocess
import sys

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlopskit.errors import (
    DamagedError,
    FormatError,
    MissingDependencyError,
    NotTrustedError,
    SerializationError,
)
from mlopskit.storage.artifacts import (
    Artifact,
    ArtifactGroup,
    Artifacts,
    artifact_from_json,
    artifact_to_json,
    leaves,
)
from mlopskit.storage.canonical_json import decode, encode
from mlopskit.storage.consent import own_key, trust_key
from mlopskit.storage.store import Store

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})


@attrs.define
class Point:
    """Something only cloudpickle can keep."""

    x: int


class Marker:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def artifacts(local):
    return Artifacts(local)


@pytest.fixture
def stranger(monkeypatch):
    """From now on, be somebody else."""
    return lambda: monkeypatch.setenv("MLOPSKIT_KEY", "the secret of somebody else")


@pytest.mark.parametrize("value", [None, 1.5, "text", b"bytes", {"a": [1, 2]}, [], ""], ids=repr)
def test_plain_values_come_back(artifacts, value):
    assert artifacts.load(artifacts.save(value)) == value


def test_frames_arrays_and_objects_come_back(artifacts):
    pd.testing.assert_frame_equal(artifacts.load(artifacts.save(FRAME)), FRAME)
    np.testing.assert_array_equal(
        artifacts.load(artifacts.save(np.arange(6).reshape(2, 3))), np.arange(6).reshape(2, 3)
    )
    assert artifacts.load(artifacts.save(Point(3))) == Point(3)


def test_a_group_is_kept_part_by_part_without_a_pickle(artifacts):
    value = {"train": FRAME, "test": FRAME.head(1), "note": ("x", [np.arange(3), 1])}
    saved = artifacts.save(value)
    assert isinstance(saved, ArtifactGroup)
    assert all(leaf.signature is None for leaf in leaves(saved))
    loaded = artifacts.load(saved)
    assert list(loaded) == ["train", "test", "note"]
    pd.testing.assert_frame_equal(loaded["train"], FRAME)
    assert loaded["note"][0] == "x"
    assert type(loaded["note"][1]) is list


def test_equal_content_has_one_digest_and_another_format_another(artifacts):
    assert artifacts.save(FRAME).digest == artifacts.save(FRAME.copy()).digest
    assert artifacts.save("1").digest != artifacts.save(1).digest
    assert artifacts.save((FRAME, 1)).digest != artifacts.save([FRAME, 1]).digest


@pytest.mark.parametrize(
    "value", [FRAME, {"a": FRAME, "b": 1}, Point(1), b""], ids=["frame", "group", "object", "empty"]
)
def test_the_record_of_an_artifact_survives_json(artifacts, value):
    saved = artifacts.save(value)
    assert artifact_from_json(decode(encode(artifact_to_json(saved)))) == saved


@pytest.mark.parametrize(
    "record", [{}, {"container": "set", "keys": [], "items": []}, {"type": 1, "signature": 2}, {"container": []}]
)
def test_a_record_that_is_none_is_refused(record):
    with pytest.raises(FormatError, match="not the record of an artifact"):
        artifact_from_json(record)


def test_what_nobody_can_keep_is_refused_by_type(artifacts, tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(SerializationError, match="TextIOWrapper"):
        artifacts.save({"open": file})


def test_damage_is_found_before_anything_is_read(artifacts, local):
    saved = artifacts.save(Point(3))
    path = local.local_path(local.list("blobs")[0])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError):
        artifacts.load(saved, trust=True)
    assert saved.blob.digest in artifacts.verify(saved)[0]


def test_a_stranger_s_object_needs_consent(artifacts, local, stranger):
    saved = artifacts.save(Point(3))
    stranger()
    with pytest.raises(NotTrustedError, match=f"signed with the key {saved.signature.key}, which you have not trusted"):
        artifacts.load(saved)
    assert artifacts.load(saved, trust=True) == Point(3)
    assert Artifacts(Store(local.url, trusted=True)).load(saved) == Point(3)


def test_a_key_named_as_trusted_is_consent(artifacts, monkeypatch, stranger, tmp_path):
    monkeypatch.setenv("MLOPSKIT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("MLOPSKIT_KEY", "a colleague's secret text")
    saved = artifacts.save(Point(3))
    stranger()
    trust_key("colleague", "a colleague's secret text")
    assert artifacts.load(saved) == Point(3)


def test_data_needs_no_consent_from_anybody(artifacts, stranger):
    saved = artifacts.save({"frame": FRAME, "array": np.arange(3)})
    stranger()
    assert set(artifacts.load(saved)) == {"frame", "array"}


def test_a_malicious_pickle_does_not_run(artifacts, tmp_path):
    trace = tmp_path / "trace"
    blob = artifacts.blobs.put(pickle.dumps(Marker(trace)))
    unsigned = Artifact("builtins.dict", "cloudpickle", 1, blob)
    borrowed = artifacts.save(Point(1)).signature
    for forged in (
        unsigned,
        attrs.evolve(unsigned, signature=borrowed),
        attrs.evolve(unsigned, signature=attrs.evolve(borrowed, code="0" * 64)),
        ArtifactGroup("list", (), (unsigned,)),
    ):
        with pytest.raises(NotTrustedError):
            artifacts.load(forged)
    for serializer in ("json", "text", "npy", "numpy-scalar", "parquet", "columns", "skops", "bytes"):
        disguised = attrs.evolve(unsigned, serializer=serializer)
        try:
            assert isinstance(artifacts.load(disguised), bytes)
        except (DamagedError, FormatError, MissingDependencyError, NotTrustedError, SerializationError):
            continue
    assert not trace.exists()


def test_without_a_place_for_a_key_objects_are_kept_unsigned(artifacts, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MLOPSKIT_CONFIG", str(tmp_path / "file"))
    saved = artifacts.save(Point(3))
    assert saved.signature is None
    with pytest.raises(NotTrustedError):
        artifacts.load(saved)
    assert artifacts.load(saved, trust=True) == Point(3)


def test_an_object_loads_in_a_fresh_process_of_the_same_user(artifacts, local):
    import json

    record = json.dumps(artifact_to_json(artifacts.save({"model": FRAME, "slice": slice(1, 2)})))
    program = (
        "import json, sys\nfrom mlopskit.storage.artifacts import Artifacts, artifact_from_json\n"
        "print(Artifacts(sys.argv[1]).load(artifact_from_json(json.loads(sys.argv[2])))['slice'])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, local.url, record], capture_output=True, text=True, check=True, env=os.environ
    )
    assert answer.stdout.strip() == "slice(1, 2, None)"


def test_the_own_key_is_made_once_and_is_private(monkeypatch, tmp_path):
    monkeypatch.setenv("MLOPSKIT_CONFIG", str(tmp_path / "configuration"))
    assert own_key() == own_key()
    assert (tmp_path / "configuration").stat().st_mode & 0o077 == 0
    assert "secret" not in repr(own_key())
    monkeypatch.setenv("MLOPSKIT_KEY", "short")
    with pytest.raises(NotTrustedError, match="too short"):
        own_key()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_any_structure_comes_back_with_its_types(value):
    artifacts = Artifacts("memory://structures")
    loaded = artifacts.load(artifacts.save(value))
    assert loaded == value
    assert repr(loaded) == repr(value)
