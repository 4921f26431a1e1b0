import json
import stat

import attrs
import pytest

pytest.importorskip("cryptography")

from mlopskit.errors import FormatError
from mlopskit.extras.signing import SignedHead, make_key, sign_head, verify_head
from mlopskit.registry.registry import Registry

NAME = "flight-delays"


@pytest.fixture
def registry(tmp_path):
    registry = Registry(tmp_path / "store")
    for depth in (4, 6):
        registry.register(NAME, {"depth": depth})
    return registry


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "key.pem", make_key(tmp_path / "key.pem")


def test_a_signed_head_holds_while_the_history_grows(registry, keys):
    signed = SignedHead.from_json(sign_head(registry, NAME, keys[0]).to_json())
    assert verify_head(registry, signed, keys[1]).ok
    registry.register(NAME, {"depth": 8})
    assert verify_head(Registry(registry.store), signed, keys[1]).ok


def test_a_tail_that_was_cut_off_is_found(registry, keys):
    signed = sign_head(registry, NAME, keys[0])
    registry.store.delete(f"registry/{NAME}/log/00000002.json")
    found = verify_head(Registry(registry.store), signed, keys[1])
    assert not found.ok


@pytest.mark.parametrize("field", ["model", "number", "digest", "signature", "public_key"])
def test_a_statement_that_was_changed_is_not_believed(registry, keys, field):
    said = json.loads(sign_head(registry, NAME, keys[0]).to_json())
    said[field] = 1 if field == "number" else said[field][::-1]
    found = verify_head(registry, SignedHead.from_json(json.dumps(said)), keys[1])
    if field == "public_key":  # the statement may name any key: the one that counts is known from elsewhere
        assert found.ok
    else:
        assert "was not signed with the key" in found.problems[0]


def test_another_ones_signature_does_not_count(registry, keys, tmp_path):
    stranger = make_key(tmp_path / "stranger.pem")
    signed = sign_head(registry, NAME, tmp_path / "stranger.pem")
    assert verify_head(registry, signed, stranger).ok
    assert not verify_head(registry, signed, keys[1]).ok
    assert not verify_head(registry, attrs.evolve(signed, public_key=keys[1]), keys[1]).ok
    assert not verify_head(registry, signed, "no key").ok


def test_the_private_key_is_private_and_never_overwritten(keys):
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        make_key(keys[0])


def test_what_is_no_key_and_no_statement_is_refused(registry, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "other.pem").write_bytes(other)
    with pytest.raises(ValueError, match="not an Ed25519"):
        sign_head(registry, NAME, tmp_path / "other.pem")
    for text in ("{}", "[]", '{"model":"x"}'):
        with pytest.raises(FormatError):
            SignedHead.from_json(text)
