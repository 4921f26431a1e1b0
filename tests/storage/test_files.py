import gzip
import http.server
import os
import threading
import uuid
from functools import partial
from pathlib import Path

import fsspec
import pytest

from mlopskit.errors import (
    InvalidNameError,
    MissingDependencyError,
    NotFoundError,
    PermissionDeniedError,
    UnreachableError,
)
from mlopskit.storage.files import Files
from mlopskit.storage.fingerprint import fingerprint


@pytest.fixture(params=["local", "memory", pytest.param("s3", marks=pytest.mark.s3)])
def place(request, tmp_path):
    """A folder's URL, the `Files` that reach it, and a function that writes there."""
    if request.param == "local":
        return str(tmp_path), Files(), lambda name, data: _write(tmp_path / name, data)
    url = f"{'s3://team' if request.param == 's3' else 'memory:/'}/{uuid.uuid4().hex}"
    options = request.getfixturevalue("s3_options") if request.param == "s3" else {}
    filesystem = fsspec.filesystem(request.param, **options)
    return url, Files(options), lambda name, data: filesystem.pipe_file(f"{url}/{name}", data)


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def names(files, url):
    assert all(file.url.startswith(url) for file in files)
    return [file.url.removeprefix(f"{url}/") for file in files]


def test_a_file_a_pattern_and_a_folder_are_found(place):
    url, files, write = place
    for name in ("b.csv", "a.csv", "c.txt", "below/d.csv", ".hidden.csv"):
        write(name, name.encode())
    assert names(files.find(f"{url}/a.csv"), url) == ["a.csv"]
    assert names(files.find(f"{url}/[ab].csv"), url) == ["a.csv", "b.csv"]
    assert names(files.find(f"{url}/**/d.csv"), url) == ["below/d.csv"]
    assert names(files.find(url, (".csv",)), url) == ["a.csv", "b.csv"]
    assert names(files.find(f"{url}/", (".csv",)), url) == ["a.csv", "b.csv"]


def test_what_lies_below_a_folder_is_found(place):
    url, files, write = place
    for name in ("b.csv", "a/c.csv", "a/d/e.CSV", "a/f.txt", "a/_g.csv", "_h/i.csv", ".j/k.csv"):
        write(name, b"one")
    assert files.below(url, (".csv",)) == {name: f"{url}/{name}" for name in ("a/c.csv", "a/d/e.CSV", "b.csv")}
    assert files.below(f"{url}/a/f.txt", (".csv",)) == {"": f"{url}/a/f.txt"}
    with pytest.raises(NotFoundError, match="gone does not exist in"):
        files.below(f"{url}/gone")


def test_each_folder_is_found_once_however_many_links_lead_there(tmp_path):
    for name in ("data/month=1/a.csv", "data/_kept/v1/b.csv", "elsewhere/c.csv", "elsewhere/below/d.csv", "e.csv"):
        _write(tmp_path / name, b"one")
    data = tmp_path / "data"
    links = {"here": ".", "latest": "month=1", "current": "_kept/v1", "far": "../elsewhere", "far2": "../elsewhere"}
    for name, target in links.items():
        (data / name).symlink_to(target)
    (tmp_path / "elsewhere" / "back").symlink_to(data)
    found = Files().below(str(data), (".csv",))
    assert {path.replace("far2", "far") for path in found} == {
        "month=1/a.csv",
        "current/b.csv",
        "far/c.csv",
        "far/below/d.csv",
    }
    assert len(found) == 4
    (data / "up").symlink_to("..")
    assert len(Files().below(str(data), (".csv",))) == 5  # and the one above, once


def test_a_file_gets_a_path_on_this_machine_for_a_while(place):
    url, files, write = place
    write("a.csv", b"one")
    with files.local_path(f"{url}/a.csv") as path:
        assert path.read_bytes() == b"one"
    assert path.exists() == url.startswith("/")
    assert files.find(f"{url}/a.csv")


def test_nothing_is_found_where_nothing_is(place):
    url, files, _ = place
    assert files.find(f"{url}/*.csv") == files.find(f"{url}/a.csv") == []


def test_the_version_follows_the_content(place):
    url, files, write = place
    write("a.csv", b"one")
    (first,) = files.find(f"{url}/*")
    assert first.size == 3
    assert files.version(first.url) == first.version
    write("a.csv", b"one")
    assert files.find(f"{url}/*") == [first]
    write("a.csv", b"two")
    assert files.version(first.url) != first.version
    assert files.find(f"{url}/*")[0].version == files.version(first.url)


def test_what_another_writes_after_a_listing_is_found(place):
    url, files, write = place
    write("a.csv", b"one")
    assert len(files.find(f"{url}/*.csv")) == 1
    write("b.csv", b"two")
    assert len(files.find(f"{url}/*.csv")) == 2


def test_a_file_is_read(place):
    url, files, write = place
    write("a.csv.gz", gzip.compress(b"content" * 1000))
    with files.open(f"{url}/a.csv.gz") as file, gzip.open(file) as text:
        assert text.read() == b"content" * 1000


def test_a_file_that_is_gone_is_named(place):
    url, files, _ = place
    for look in (files.open, files.version):
        with pytest.raises(NotFoundError, match=r"gone\.csv does not exist in"):
            look(f"{url}/gone.csv")


def test_paths_stay_as_they_are_given(tmp_path, monkeypatch):
    _write(tmp_path / "data" / "a.csv", b"one")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [file.url for file in Files().find("data/*.csv")] == ["data/a.csv"]
    assert [file.url for file in Files().find("data", (".csv",))] == ["data/a.csv"]
    assert [file.url for file in Files().find("~/data/*.csv")] == [f"{tmp_path}/data/a.csv"]
    assert [file.url for file in Files().find(f"file://{tmp_path}/data/*.csv")] == [f"{tmp_path}/data/a.csv"]


def test_a_file_with_the_name_of_a_pattern_is_that_file(tmp_path):
    for name in ("a[1].csv", "a1.csv"):
        _write(tmp_path / name, name.encode())
    assert names(Files().find(f"{tmp_path}/a[1].csv"), str(tmp_path)) == ["a[1].csv"]


def test_the_version_of_a_local_file_is_its_content(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")
    version = Files().version(str(path))
    os.utime(path, (1e9, 1e9))
    assert Files().version(str(path)) == version
    path.write_bytes(b"two")
    assert Files().version(str(path)) != version


def test_credentials_neither_show_nor_count():
    files = Files({"key": "ana", "secret": "hidden", "session": object()})
    assert "hidden" not in repr(files)
    assert fingerprint(files) == fingerprint(Files())


def test_an_unknown_protocol_is_refused():
    with pytest.raises(InvalidNameError, match=r"s4://team/a\.csv can not be reached"):
        Files().find("s4://team/a.csv")


def test_a_missing_library_is_named(monkeypatch):
    def refuse(url, **options):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    with pytest.raises(MissingDependencyError, match=r"pip install 'mlopskit\[s3\]'"):
        Files().find("s3://team/a.csv")


@pytest.mark.s3
def test_missing_credentials_are_told(s3_options):
    anonymous = {"anon": True, "client_kwargs": s3_options["client_kwargs"]}
    fsspec.filesystem("s3", **s3_options).pipe_file("s3://team/closed/a.csv", b"one")
    with pytest.raises(PermissionDeniedError, match="check credentials"):
        Files(anonymous).version("s3://team/closed/a.csv")


# -- HTTP ------------------------------------------------------------------------------------


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def send_head(self):
        if self.path.startswith(("/401", "/503")):
            return self.send_error(int(self.path[1:4]))
        return super().send_head()

    def end_headers(self):
        if self.path.startswith("/tagged"):
            self.send_header("ETag", f'"{Path(self.translate_path(self.path)).read_text()}"')
        super().end_headers()


@pytest.fixture
def web(tmp_path):
    pytest.importorskip("aiohttp")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


def test_a_page_without_a_tag_is_told_apart_by_its_content(web):
    url, folder = web
    (folder / "a.csv").write_bytes(b"one")
    (file,) = Files().find(f"{url}/a.csv?token=secret")
    assert (file.url, file.size) == (f"{url}/a.csv?token=secret", 3)
    assert file.version.startswith("sha256:")
    with Files().open(file.url) as opened:
        assert opened.read() == b"one"


def test_a_page_with_a_tag_is_told_apart_by_it(web):
    url, folder = web
    (folder / "tagged.csv").write_bytes(b"first")
    assert Files().version(f"{url}/tagged.csv") == "first"


def test_errors_show_no_token(web):
    url, _ = web
    assert Files().find(f"{url}/gone.csv?token=secret") == []
    with pytest.raises(NotFoundError) as caught:
        Files().open(f"{url}/gone.csv?token=secret")
    assert "gone.csv?... does not exist" in str(caught.value)


def test_a_server_that_is_down_is_told():
    pytest.importorskip("aiohttp")
    for look in (Files().version, Files().find, Files().open):
        with pytest.raises(UnreachableError) as caught:
            look("http://127.0.0.1:9/a.csv?token=secret")
        assert "127.0.0.1:9/a.csv?... could not be reached" in str(caught.value)
        assert "secret" not in str(caught.value)


def test_a_server_that_refuses_or_is_busy_is_told(web):
    url, _ = web
    with pytest.raises(PermissionDeniedError, match="status 401"):
        Files().find(f"{url}/401.csv")
    with pytest.raises(UnreachableError, match="status 503"):
        Files().find(f"{url}/503.csv")
