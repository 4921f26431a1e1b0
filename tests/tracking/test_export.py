import csv
import io
import json
from zipfile import ZipFile

import numpy as np
import pytest

from mlopskit.errors import DamagedError

NASTY = "../up/./ü/a:b"


@pytest.fixture
def run(tracker, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with tracker.start_run("depth-6", params={"max_depth": 6}) as run:
        run.log_metric("loss", 0.5, step=3)
        run.log_metric("loss", float("nan"))
        run.log_artifact("thresholds", {"late": np.arange(3), "early": np.ones(2)})
        run.log_artifact("note", "text")
        run.log_file(tmp_path / "notes.txt", NASTY)
    return run


def test_all_of_a_run_is_in_one_file(run, tmp_path):
    path = run.export(tmp_path / "run.zip")
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        facts = json.loads(archive.read("run.json"))
        assert (facts["params"], facts["status"]) == ({"max_depth": 6}, "finished")
        assert facts["environment"]["python"]
        rows = list(csv.DictReader(io.StringIO(archive.read("metrics.csv").decode())))
        assert (rows[0]["metric"], rows[0]["step"], rows[0]["value"]) == ("loss", "3", "0.5")
        assert rows[1]["value"] == "nan"
        assert archive.read("artifacts/note.text") == b"text"
        assert {"artifacts/thresholds/0.npy", "artifacts/thresholds/1.npy"} <= set(archive.namelist())
        assert not any(".." in name for name in archive.namelist())
        archive.extractall(tmp_path / "out")
    assert (tmp_path / "out/files/%2E%2E/up/%2E/%C3%BC/a%3Ab").read_text() == "hello"


def test_equal_runs_are_equal_files(run, tracker, tmp_path):
    one, other = run.export(tmp_path / "1.zip"), tracker.get_run(run.id).export(tmp_path / "2.zip")
    assert one.read_bytes() == other.read_bytes()


def test_nothing_is_written_over(run, tmp_path):
    (tmp_path / "run.zip").write_text("mine")
    with pytest.raises(FileExistsError, match="another file"):
        run.export(tmp_path / "run.zip")
    assert (tmp_path / "run.zip").read_text() == "mine"


def test_a_damaged_artifact_is_reported_and_leaves_no_file(run, store, tmp_path):
    for name in store.list("blobs"):
        store.replace(name, b"other")
    with pytest.raises(DamagedError):
        run.export(tmp_path / "run.zip")
    assert [path.name for path in tmp_path.iterdir() if "zip" in path.name] == []
