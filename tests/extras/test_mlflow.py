import json
import math
import os
import shutil

import pytest

from mlopskit.errors import NotFoundError
from mlopskit.storage.store import Store
from mlopskit.tracking.tracker import Tracker

pytest.importorskip("mlflow")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param

import mlopskit.extras.mlflow
from mlopskit.extras.mlflow import import_runs

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # MLflow leaves its databases open
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

START = 1_700_000_000_000


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A database with MLflow's tables, which take a second to make."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(params=["database", "folder"])
def source(request, tmp_path, monkeypatch, empty_database):
    """A real MLflow store, and its address."""
    if request.param == "database":
        shutil.copy(empty_database, tmp_path / "mlflow.db")
        uri = f"sqlite:///{tmp_path}/mlflow.db"
    else:
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        uri = str(tmp_path / "mlruns")
    client = MlflowClient(tracking_uri=uri)
    client.create_experiment("flights", artifact_location=(tmp_path / "files").as_uri())
    return client, uri


@pytest.fixture
def tracker(tmp_path):
    return Tracker(tmp_path / "store", experiment="ours", environment=False)


def logged_run(client, *, status="FINISHED", start=START, tags=(), experiment="flights", **options):
    experiment_id = client.get_experiment_by_name(experiment).experiment_id
    run_id = client.create_run(experiment_id, start_time=start, tags=dict(tags), **options).info.run_id
    if status:
        client.set_terminated(run_id, status, end_time=start + 90_500)
    return run_id


def only_run(tracker, source):
    imported = import_runs(source[1], tracker)
    assert len(imported.new) == 1, imported
    return tracker.get_run(imported.runs[imported.new[0]])


def test_a_run_keeps_its_name_times_user_note_and_experiment(source, tracker):
    tags = {"mlflow.user": "ada", "mlflow.note.content": "First try.", "team": "ops"}
    run_id = logged_run(source[0], run_name="depth-6", tags=tags)
    record = only_run(tracker, source).record
    assert (record.name, record.experiment, record.user, record.note) == ("depth-6", "flights", "ada", "First try.")
    assert (record.status, record.seconds) == ("finished", 90.5)
    assert (record.started, record.ended) == ("2023-11-14T22:13:20+00:00", "2023-11-14T22:14:50.500000+00:00")
    assert record.tags == {"team": "ops", "mlflow.runId": run_id}


def test_params_become_the_values_that_python_writes_like_that(source, tracker):
    texts = ["6", "0.1", "1e-05", "True", "None", "007", "1E5", "nan", "[1, 2]", "1" * 400]
    run_id = logged_run(source[0], status=None)
    source[0].log_batch(run_id, params=[Param(f"p{number}", text) for number, text in enumerate(texts)])
    source[0].set_terminated(run_id)
    params = only_run(tracker, source).params
    kept = [params[f"p{number}"] for number in range(len(texts))]
    assert kept == [6, 0.1, 1e-05, True, None, "007", "1E5", "nan", "[1, 2]", "1" * 400]
    assert [type(value) for value in kept[:4]] == [int, float, float, bool]


def test_metric_histories_come_whole(source, tracker):
    values = [1.0, math.nan, math.inf, -math.inf, 2.0, 2.0]
    run_id = logged_run(source[0], status=None)
    points = [Metric("loss", value, START + number, number // 2) for number, value in enumerate(values)]
    source[0].log_batch(run_id, metrics=[*points, Metric("auc", 0.7, START, -3)])
    source[0].set_terminated(run_id)
    run = only_run(tracker, source)
    frame = run.metric("loss")
    assert [str(value) for value in frame["value"]] == [str(value) for value in values]
    assert frame["step"].tolist() == [0, 0, 1, 1, 2, 2]
    assert [time.value // 1_000_000 - START for time in frame["time"]] == [0, 1, 2, 3, 4, 5]
    assert run.metric("auc")["step"].tolist() == [-3]
    assert run.summaries["loss"].count == 6
    assert run.metrics["loss"] == 2.0


def test_artifacts_and_logged_models_come_as_files(source, tracker, tmp_path):
    client, _ = source
    (tmp_path / "notes.txt").write_text("weather")
    (tmp_path / "empty").touch()
    run_id = logged_run(client, status=None)
    client.log_artifact(run_id, str(tmp_path / "notes.txt"), "deep/er")
    client.log_artifact(run_id, str(tmp_path / "empty"))
    for content in ("one", "two"):
        (tmp_path / "MLmodel").write_text(content)
        experiment_id = client.get_run(run_id).info.experiment_id
        model = client.create_logged_model(experiment_id, name="forest", source_run_id=run_id)
        client.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.set_terminated(run_id)
    run = only_run(tracker, source)
    with run.open_file("deep/er/notes.txt") as file:
        assert file.read() == b"weather"
    assert run.files["empty"] == 0
    models = [name for name in run.files if name.startswith("models/")]
    assert len(models) == 2
    assert "models/forest/MLmodel" in models


def test_without_files_none_come(source, tracker, tmp_path):
    (tmp_path / "notes.txt").write_text("weather")
    run_id = logged_run(source[0], status=None)
    source[0].log_artifact(run_id, str(tmp_path / "notes.txt"))
    source[0].set_terminated(run_id)
    imported = import_runs(source[1], tracker, files=False)
    assert tracker.get_run(imported.runs[run_id]).files == {}


def test_a_child_finds_its_parent_also_when_that_comes_later(source, tracker):
    client, uri = source
    parent = logged_run(client, status=None)
    child = logged_run(client, tags={"mlflow.parentRunId": parent}, start=START + 1)
    orphan = logged_run(client, tags={"mlflow.parentRunId": "0" * 32}, start=START + 2)
    first = import_runs(uri, tracker)
    client.set_terminated(parent)
    second = import_runs(uri, tracker)
    assert set(first.new) == {child, orphan}
    assert tracker.get_run(first.runs[child]).parent == second.runs[parent]
    assert tracker.get_run(first.runs[orphan]).parent == ""


@pytest.mark.parametrize(("theirs", "ours"), [("FINISHED", "finished"), ("FAILED", "failed"), ("KILLED", "killed")])
def test_status(source, tracker, theirs, ours):
    logged_run(source[0], status=theirs)
    assert only_run(tracker, source).status == ours


def test_a_running_run_waits_until_it_has_ended(source, tracker):
    client, uri = source
    run_id = logged_run(client, status=None)
    client.log_metric(run_id, "loss", 0.5)
    assert import_runs(uri, tracker).running == (run_id,)
    assert tracker.runs(all_experiments=True).empty
    client.log_metric(run_id, "loss", 0.4)
    client.set_terminated(run_id)
    assert only_run(tracker, source).metric("loss")["value"].tolist() == [0.5, 0.4]


def test_a_run_that_mlflow_lost_sight_of_comes_as_killed_if_asked(source, tracker):
    client, uri = source
    run_id = logged_run(client, status=None)
    client.log_metric(run_id, "loss", 0.5, timestamp=START + 2000)
    imported = import_runs(uri, tracker, running_as_killed=True)
    run = tracker.get_run(imported.runs[run_id])
    assert (run.status, run.record.seconds, run.metrics) == ("killed", 2.0, {"loss": 0.5})


def test_git_commit_and_script_become_the_environment(source, tracker):
    tags = {"mlflow.source.git.commit": "8c1f2e0", "mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL"}
    run_id = logged_run(source[0], tags=tags)
    run = only_run(tracker, source)
    assert (run.environment.code.commit, run.environment.code.script) == ("8c1f2e0", "train.py")
    assert run.tags == {"mlflow.source.type": "LOCAL", "mlflow.runId": run_id}


def test_inputs_become_datasets(source, tracker):
    schema = json.dumps({"mlflow_colspec": [{"type": "double", "name": "x"}, {"type": "long", "name": "y"}]})
    dataset = Dataset("train", "bd5a8345", "code", "{}", schema=schema, profile='{"num_rows": 2}')
    bare = Dataset("other", "77aa", "code", "{}")
    run_id = logged_run(source[0], status=None)
    tag = InputTag("mlflow.data.context", "training")
    source[0].log_inputs(run_id, [DatasetInput(dataset, [tag]), DatasetInput(bare)])
    source[0].set_terminated(run_id)
    datasets = only_run(tracker, source).datasets
    kept = datasets["training/train"]
    assert (kept.fingerprint, kept.rows, kept.columns, kept.dtypes) == (
        "mlflow:bd5a8345", 2, ("x", "y"), ("double", "long"),
    )  # fmt: skip
    assert datasets["other"].fingerprint == "mlflow:77aa"


def test_deleted_runs_come_as_deleted(source, tracker):
    run_id = logged_run(source[0])
    source[0].delete_run(run_id)
    imported = import_runs(source[1], tracker)
    assert tracker.get_run(imported.runs[run_id]).record.deleted
    assert tracker.runs(all_experiments=True).empty
    tracker.restore_run(imported.runs[run_id])
    assert len(tracker.runs(all_experiments=True)) == 1


def test_runs_of_a_deleted_experiment_come_as_deleted(source, tracker):
    client, uri = source
    gone = client.create_experiment("gone")
    run_id = logged_run(client, experiment="gone")
    client.delete_experiment(gone)
    imported = import_runs(uri, tracker)
    assert tracker.get_run(imported.runs[run_id]).record.deleted


def test_the_second_import_brings_nothing_twice_and_what_is_new(source, tracker):
    client, uri = source
    first_run = logged_run(client)
    import_runs(uri, tracker)
    names = Store.of(tracker.store).list("")
    again = import_runs(uri, tracker)
    assert (again.new, list(again.runs)) == ((), [first_run])
    assert Store.of(tracker.store).list("") == names
    second_run = logged_run(client, start=START + 1)
    assert import_runs(uri, tracker).new == (second_run,)
    assert len(tracker.runs(all_experiments=True)) == 2


@pytest.mark.parametrize("point", ["before", "after"])
def test_an_import_that_broke_off_is_completed_by_the_next(source, tracker, monkeypatch, point):
    client, uri = source
    for number in range(3):
        run_id = logged_run(client, status=None, start=START + number)
        client.log_metric(run_id, "loss", 0.5)
        client.set_terminated(run_id)
    whole, calls = mlopskit.extras.mlflow.import_run, []

    def broken(*arguments, **options):
        calls.append(None)
        if len(calls) == 2 and point == "before":
            raise KeyboardInterrupt
        brought = whole(*arguments, **options)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return brought

    monkeypatch.setattr(mlopskit.extras.mlflow, "import_run", broken)
    with pytest.raises(KeyboardInterrupt):
        import_runs(uri, tracker)
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    imported = import_runs(uri, tracker)
    assert (len(imported.runs), len(imported.new)) == (3, 2 if point == "before" else 1)
    for here in imported.runs.values():
        assert tracker.get_run(here).metric("loss")["value"].tolist() == [0.5]


def test_only_the_experiments_asked_for(source, tracker):
    client, uri = source
    client.create_experiment("trains")
    logged_run(client)
    run_id = logged_run(client, experiment="trains")
    assert import_runs(uri, tracker, experiments=["trains"]).new == (run_id,)
    with pytest.raises(NotFoundError, match="no experiment 'ships'"):
        import_runs(uri, tracker, experiments=["ships"])


def test_a_run_whose_model_is_gone_is_left_out_and_told(source, tracker, tmp_path):
    client, uri = source
    whole, broken = logged_run(client), logged_run(client, status=None, start=START + 1)
    experiment_id = client.get_run(broken).info.experiment_id
    model = client.create_logged_model(experiment_id, name="forest", source_run_id=broken)
    client.log_outputs(broken, [LoggedModelOutput(model.model_id, step=0)])
    client.set_terminated(broken)
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
    imported = import_runs(uri, tracker)
    assert imported.new == (whole,)
    assert "is not there" in imported.failed[broken]
    assert import_runs(uri, tracker, files=False).new == (broken,)


def test_the_files_of_a_folder_that_was_moved_are_found(tmp_path, tracker, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    (tmp_path / "notes.txt").write_text("weather")
    client = MlflowClient(tracking_uri=str(tmp_path / "there" / "mlruns"))
    client.create_experiment("gone")
    for experiment in ("Default", "gone"):
        run_id = logged_run(client, status=None, experiment=experiment)
        client.log_artifact(run_id, str(tmp_path / "notes.txt"))
        client.set_terminated(run_id)
    client.delete_experiment(client.get_experiment_by_name("gone").experiment_id)
    shutil.move(tmp_path / "there", tmp_path / "here")
    imported = import_runs(tmp_path / "here" / "mlruns", tracker)
    assert [tracker.get_run(here).files for here in imported.runs.values()] == [{"notes.txt": 7}] * 2


@pytest.mark.parametrize("uri", ["nothing-here", "sqlite:///nothing-here.db"])
def test_a_misspelt_address_makes_nothing(tmp_path, monkeypatch, tracker, uri):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="nothing-here"):
        import_runs(uri, tracker)
    assert not (tmp_path / "nothing-here").exists()
    assert not (tmp_path / "nothing-here.db").exists()


def test_the_folder_store_is_allowed_only_meanwhile(tmp_path, tracker, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    MlflowClient(tracking_uri=str(tmp_path / "mlruns")).search_experiments()
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE")
    assert (
        repr(import_runs(tmp_path / "mlruns", tracker)) == "<0 runs from MLflow: 0 new; left out: 0 running, 0 failed>"
    )
    assert "MLFLOW_ALLOW_FILE_STORE" not in os.environ
