import hashlib

import pytest

from mlopskit.errors import DamagedError
from mlopskit.storage.blob import EMPTY, Blob, refuse_damaged


def test_a_blob_is_named_by_its_sha256_and_its_length():
    assert Blob.of(b"bytes") == Blob(hashlib.sha256(b"bytes").hexdigest(), 5)
    assert Blob.of(b"") == EMPTY


def test_what_differs_is_said_with_the_place():
    refuse_damaged(Blob.of(b"bytes"), Blob.of(b"bytes"), "it")
    with pytest.raises(DamagedError, match="blobs/ab has 4 bytes instead of 5"):
        refuse_damaged(Blob.of(b"bytes"), Blob.of(b"byte"), "blobs/ab")
    with pytest.raises(DamagedError, match="holds other bytes of the same length"):
        refuse_damaged(Blob.of(b"bytes"), Blob.of(b"BYTES"), "it")
