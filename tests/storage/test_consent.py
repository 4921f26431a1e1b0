"""Whose signature lets an object run code, and how the secrets behind it are kept."""

import os
from pathlib import Path

import pytest

from mlopskit.errors import NotTrustedError
from mlopskit.storage.consent import Key, Signature, configuration_folder, is_trusted, own_key, trust_key

SECRET = "a colleague's long secret"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A configuration folder of this test alone."""
    monkeypatch.delenv("MLOPSKIT_KEY", raising=False)
    monkeypatch.setenv("MLOPSKIT_CONFIG", str(tmp_path / "configuration"))
    return tmp_path / "configuration"


def test_what_is_signed_with_the_own_key_is_trusted_and_nothing_else():
    assert is_trusted(own_key().sign(b"bytes"), b"bytes")
    assert not is_trusted(own_key().sign(b"bytes"), b"others")
    assert not is_trusted(Key(SECRET.encode()).sign(b"bytes"), b"bytes")
    assert not is_trusted(None, b"bytes")


def test_a_colleagues_key_is_trusted_until_its_file_is_deleted(folder):
    signature = trust_key("colleague", f"{SECRET}\n").sign(b"bytes")
    assert is_trusted(signature, b"bytes")
    (folder / "trusted" / "colleague").unlink()
    assert not is_trusted(signature, b"bytes")


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b" " * 40])
def test_a_file_too_short_for_a_secret_makes_nobody_trusted(folder, content):
    signature = trust_key("colleague", SECRET).sign(b"bytes")
    (folder / "trusted" / "broken").write_bytes(content)
    for secret in (content, content.strip()):
        with pytest.warns(UserWarning, match="broken is too short"):
            assert not is_trusted(Key(secret).sign(b"bytes"), b"bytes")
    with pytest.warns(UserWarning, match="broken is too short"):
        assert is_trusted(signature, b"bytes")


def test_a_secret_written_by_hand_may_end_in_a_newline_and_folders_are_passed_over(folder):
    (folder / "trusted" / "folder").mkdir(parents=True)
    (folder / "trusted" / "colleague").write_text(f"{SECRET}\n")
    assert is_trusted(Key(SECRET.encode()).sign(b"bytes"), b"bytes")


def test_a_reader_without_a_usable_key_still_trusts_others(monkeypatch):
    signature = trust_key("colleague", SECRET).sign(b"bytes")
    monkeypatch.setenv("MLOPSKIT_KEY", "short")
    with pytest.raises(NotTrustedError, match="too short"):
        own_key()
    assert is_trusted(signature, b"bytes")
    assert not is_trusted(signature, b"others")


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_secrets_are_readable_by_their_owner_alone(folder):
    own_key()
    trust_key("colleague", SECRET)
    for path in (folder / "key", folder / "trusted" / "colleague"):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("code", ["ü" * 64, "\ud800", ""])
def test_a_code_that_is_no_hexadecimal_text_is_not_trusted(code):
    key = own_key()
    assert not key.vouches(Signature(key.id, code), b"bytes")


def test_the_configuration_folder_may_be_given_from_home(monkeypatch):
    monkeypatch.setenv("MLOPSKIT_CONFIG", "~/cfg")
    assert configuration_folder() == Path.home() / "cfg"
