"""An S3 server on the loopback address, for tests and benchmarks: ``python tests/s3_server.py``.

It prints its port and serves until it is killed or its standard input closes. moto checks a
condition and then writes without holding a lock, so that two writers could both win, which no
real S3 allows; one lock around the whole application gives it the atomicity it stands for.
"""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

BUCKET = "team"
READER = "reader"  # who uses this key may only read
WRITES = ("PUT", "POST", "DELETE")


def serve() -> None:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ, start_response):
        if f"Credential={READER}/" in environ.get("HTTP_AUTHORIZATION", "") and environ["REQUEST_METHOD"] in WRITES:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>This key may only read.</Message></Error>"]
        with lock:
            return application(environ, start_response)

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    print(server.server_port, flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


@contextlib.contextmanager
def running_s3() -> Iterator[dict]:
    """Start a server with one bucket; yields the storage options that reach it."""
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
        options = {
            "key": "test",
            "secret": "test",
            "client_kwargs": {"endpoint_url": endpoint, "region_name": "us-east-1"},
        }
        import s3fs

        s3fs.S3FileSystem(**options, skip_instance_cache=True).call_s3("create_bucket", Bucket=BUCKET)
        yield options
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


if __name__ == "__main__":
    serve()
