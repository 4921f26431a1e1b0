"""Real processes that race, are killed, and are lied to; nothing acknowledged may be lost."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mlopskit.errors import ConflictError, StoreFullError, UnreachableError
from mlopskit.storage.blobs import Blob, Blobs
from mlopskit.storage.commit import Change
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store

pytestmark = pytest.mark.faults
WRITER = Path(__file__).with_name("writer.py")


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def place(request, tmp_path):
    """A URL and its storage options, on a disk and on S3."""
    if request.param == "local":
        return str(tmp_path / "store"), {}
    return f"s3://team/{uuid.uuid4().hex}", request.getfixturevalue("s3_options")


def start(program, place, *arguments, **options):
    command = [sys.executable, WRITER, program, place[0], json.dumps(place[1]), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process):
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return output.split("\n")[:-1]


def open_log(place):
    return CommitLog(Store(place[0], **place[1]), "log", initial=0, apply=lambda state, commit: state + 1)


@pytest.mark.timeout(900)
def test_of_eight_writers_each_number_has_one_winner_and_none_is_missing(place):
    count = 300 if place[0].startswith("s3:") else 1_000  # a server in Python answers one request at a time
    writers = [start("commit_many", place, f"writer-{number}", count) for number in range(8)]
    won = [int(line) for writer in writers for line in finish(writer)]
    assert sorted(won) == list(range(1, count + 1))
    log = open_log(place)
    assert log.verify().ok
    assert log.state() == count


def test_a_writer_killed_at_random_times_leaves_a_log_that_holds_all_it_acknowledged(place):
    acknowledged = set()
    for _ in range(10):
        writer = start("commit_many", place, "victim", 10**6)
        acknowledged.add(int(writer.stdout.readline()))
        time.sleep(random.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        output, _ = writer.communicate()
        acknowledged.update(int(line) for line in output.split("\n")[:-1])
    log = open_log(place)
    assert log.verify().ok
    assert acknowledged <= set(range(1, log.state() + 1))
    assert log.commit(lambda state: Change("add", {})).number == log.state()


@pytest.mark.parametrize("size", [20_000, 40 << 20], ids=["small", "big"])
def test_an_upload_killed_at_random_times_leaves_no_half_blob(place, size):
    acknowledged = []
    for _ in range(8 if size < 10**6 else 3):
        writer = start("put_blobs", place, "victim", size)
        acknowledged.append(writer.stdout.readline())
        time.sleep(random.uniform(0, 0.2))
        writer.send_signal(signal.SIGKILL)
        acknowledged.extend(line for line in writer.communicate()[0].splitlines(keepends=True) if line.endswith("\n"))
    blobs = Blobs(Store(place[0], **place[1]))
    assert blobs.verify() == []
    for line in acknowledged:
        digest, size_ = line.split()
        assert Blob(digest, int(size_)) in blobs


@pytest.mark.parametrize("operation", ["commit", "blob"])
def test_a_writer_killed_before_any_line_of_ours_loses_nothing(tmp_path, operation):
    place = str(tmp_path / "store"), {}
    deaths = int(finish(start("kill_everywhere", place, operation))[-1])
    assert deaths > 50


def test_a_full_disk_refuses_a_commit_and_keeps_the_log(small_disk):
    place = str(small_disk / "store"), {}
    log = open_log(place)
    log.commit(lambda state: Change("add", {}))
    with pytest.raises(StoreFullError):
        log.commit(lambda state: Change("add", {"much": "x" * 4_000_000}))
    with pytest.raises(StoreFullError), Blobs(place[0]).writer() as file:
        file.write(b"x" * 4_000_000)
    assert log.commit(lambda state: Change("add", {})).number == 2
    assert open_log(place).verify().ok


class DroppedReply:
    """A proxy that lets one matching request through to the server and then drops the server's answer."""

    def __init__(self, endpoint, request_line):
        self._server = urlsplit(endpoint)
        self._request_line = request_line
        self.dropped = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.create_connection((self._server.hostname, self._server.port))
        with client, server:
            threading.Thread(target=self._send_on, args=(client, server), daemon=True).start()
            while answer := server.recv(65536):
                if self._drop_next:
                    self._drop_next = False
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)

    _drop_next = False

    def _send_on(self, client, server):
        try:
            while request := client.recv(65536):
                if not self.dropped and self._request_line in request:
                    self.dropped += 1
                    self._drop_next = True
                server.sendall(request)
        except OSError:
            return

    def close(self):
        self._listener.close()


@pytest.mark.s3
def test_a_writer_whose_reply_was_lost_finds_that_it_won(s3_options):
    direct = f"s3://team/{uuid.uuid4().hex}", s3_options
    Store(direct[0], **s3_options).create("first", b"so that the store exists")
    path = urlsplit(direct[0]).path
    proxy = DroppedReply(s3_options["client_kwargs"]["endpoint_url"], f"PUT /team{path}/log/log/00000001.json".encode())
    through = (
        direct[0],
        {**s3_options, "client_kwargs": {**s3_options["client_kwargs"], "endpoint_url": proxy.endpoint}},
    )
    commit = open_log(through).commit(lambda state: Change("add", {"by": "me"}))
    proxy.close()
    assert proxy.dropped == 1
    assert commit.number == 1
    assert open_log(direct).state() == 1
    assert next(open_log(direct).commits()) == commit


@pytest.mark.s3
def test_a_writer_who_lost_while_its_reply_was_lost_is_told_so(s3_options):
    url = f"s3://team/{uuid.uuid4().hex}"
    Store(url, **s3_options).create("name", b"the winner's")
    proxy = DroppedReply(s3_options["client_kwargs"]["endpoint_url"], f"PUT /team{urlsplit(url).path}/name".encode())
    options = {**s3_options, "client_kwargs": {**s3_options["client_kwargs"], "endpoint_url": proxy.endpoint}}
    with pytest.raises(ConflictError):
        Store(url, **options).create("name", b"the loser's")
    proxy.close()
    assert proxy.dropped == 1
    assert Store(url, **s3_options).read("name") == b"the winner's"


@pytest.mark.s3
def test_a_server_that_accepts_but_never_answers_is_unreachable():
    pytest.importorskip("s3fs")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"key": "k", "secret": "s", "client_kwargs": {"endpoint_url": endpoint}}
        store = Store("s3://team/x", retry_seconds=1, config_kwargs={"read_timeout": 1}, **options)
        with pytest.raises(UnreachableError, match="did not answer"):
            store.read("name")
