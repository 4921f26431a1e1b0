"""Brings what MLflow has recorded onto a store: experiments, runs, metric histories, files."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import attrs
import numpy as np

from mlopskit.errors import MissingDependencyError, NotFoundError
from mlopskit.records.environment import Code, Environment
from mlopskit.records.json import to_json
from mlopskit.records.run import Dataset
from mlopskit.tracking.importing import import_run, run_id_for
from mlopskit.tracking.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Metric, Run
    from numpy.typing import NDArray

    from mlopskit.storage.store import Store
    from mlopskit.tracking.tracker import Tracker

_ENDED = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}
_CONSTANTS = {"True": True, "False": False, "None": None}
_PAGE = 1000
_CODE_TAGS = {
    "commit": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "remote": "mlflow.source.git.repoURL",
    "script": "mlflow.source.name",
}
_FIELD_TAGS = {"mlflow.runName", "mlflow.user", "mlflow.note.content", *_CODE_TAGS.values()}


@attrs.frozen
class Imported:
    """What an import found, by the run identifiers of MLflow.

    Attributes
    ----------
    runs : dict of str to str
        Of each run that is on the store now, its identifier there, for `Tracker.get_run`.
    new : tuple of str
        Those of them that this import brought in.
    running : tuple of str
        Left out because MLflow says that they are running; import again when they have ended.
    failed : dict of str to str
        Left out because something could not be read, and what it was; import again when that is mended.
    """

    runs: dict[str, str]
    new: tuple[str, ...]
    running: tuple[str, ...]
    failed: dict[str, str]

    def __repr__(self) -> str:
        return (
            f"<{len(self.runs)} runs from MLflow: {len(self.new)} new; "
            f"left out: {len(self.running)} running, {len(self.failed)} failed>"
        )


def import_runs(
    uri: str | os.PathLike[str],
    tracker: Tracker,
    *,
    experiments: Iterable[str] | None = None,
    files: bool = True,
    running_as_killed: bool = False,
) -> Imported:
    """Bring runs from MLflow onto a tracker's store. Doing it again brings in only what is not there yet.

    Each run becomes visible with one commit, after all its points and files; one that was
    interrupted is done again by the next import. What was brought in is not looked at again:
    what changes in MLflow later stays there. MLflow's store is only read.

    Kept are the name, experiment, user, parent, times, status, note, params, tags, metric points
    with steps and times, artifacts and logged models as files, inputs as datasets, and the git
    commit, branch and address as `RecordedRun.environment`. MLflow keeps params as text: one
    that is exactly how Python writes an int, a finite float, a bool or None becomes that value.
    MLflow's databases hold the largest float in place of an infinity: it becomes one again.
    Deleted runs come in as deleted, from today on, so that `Tracker.collect_garbage` waits.

    Parameters
    ----------
    uri : str or path
        What MLflow calls the tracking URI: ``"sqlite:///mlflow.db"``, a folder ``"mlruns"``, or a server's address.
    tracker : Tracker
        Its store takes the runs. They stay in the experiments that they have in MLflow.
    experiments : iterable of str, optional
        Names of those to bring in; default all.
    files : bool, default True
        Whether to bring in artifacts and logged models. A run that was brought in without them stays so.
    running_as_killed : bool, default False
        Whether to bring in, as killed, the runs that MLflow says are running. MLflow says so for good of
        every run whose process was killed; one that still runs would be cut off here as it is now.

    Returns
    -------
    Imported
        Which runs came in, which are left out and why.

    Raises
    ------
    NotFoundError
        If there is no such folder, database or experiment.
    MissingDependencyError
        If mlflow is not installed.
    StoreError
        If the tracker's store can not be written.

    Examples
    --------
    >>> from mlopskit import Tracker
    >>> import_runs("sqlite:///mlflow.db", Tracker("team-store"))  # doctest: +SKIP
    <128 runs from MLflow: 128 new; left out: 1 running, 0 failed>
    """
    uri = os.fspath(uri)
    refuse_missing(uri)
    runs, new, running, failed = {}, [], [], {}
    with file_store_allowed():
        source = _Source(client_of(uri), uri, files=files)
        for experiment in _experiments(source.client, experiments):
            for run in _runs(source.client, experiment):
                name, here = run.info.run_id, id_here(run)
                if Lifecycle(tracker.store, here).read():
                    runs[name] = here
                elif run.info.status not in _ENDED and not running_as_killed:
                    running.append(name)
                elif problem := _problem(source, run, experiment.name, tracker.store):
                    failed[name] = problem
                else:
                    runs[name] = here
                    new.append(name)
    return Imported(runs, tuple(new), tuple(running), failed)


class _Source:
    """What one import asks of MLflow."""

    def __init__(self, client: MlflowClient, uri: str, *, files: bool) -> None:
        self.client = client
        self.uri = uri
        self.files = files
        database = uri.startswith("sqlite:///")
        self._folder = _local(uri.removeprefix("sqlite:///")).parent / "mlruns" if database else _local(uri)
        self.id_here = cache(self._id_here)

    def _id_here(self, run_id: str) -> str:
        """Return the identifier here of a run of MLflow; empty if MLflow does not have it."""
        from mlflow.exceptions import MlflowException

        try:
            return id_here(self.client.get_run(run_id))
        except MlflowException:
            return ""

    def points(self, run: Run) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        return {name: _series(self.client.get_metric_history(run.info.run_id, name)) for name in run.data.metrics}

    def download(self, run: Run, folder: str) -> dict[str, Path]:
        """Download the run's artifacts, and the models logged by it, which MLflow keeps elsewhere."""
        from mlflow.artifacts import download_artifacts

        if not self.files:
            return {}
        files = {}
        for number, (place, location) in enumerate(self._places(run).items()):
            own = Path(folder, str(number))
            own.mkdir()
            top = Path(download_artifacts(artifact_uri=location, dst_path=str(own), tracking_uri=self.uri))
            found = [path for path in sorted(top.rglob("*")) if path.is_file()]
            files.update({(Path(place) / path.relative_to(top)).as_posix(): path for path in found})
        return files

    def _places(self, run: Run) -> dict[str, str]:
        """Return where MLflow keeps the run's files, by the folder that they have here."""
        places = {}
        outputs = getattr(run, "outputs", None)  # since MLflow 3
        for output in outputs.model_outputs if outputs else ():
            model = self.client.get_logged_model(output.model_id)
            place = f"models/{model.name}"
            places[place if place not in places else f"models/{model.model_id}"] = self._found(model.artifact_location)
        if gone := [location for location in places.values() if _is_missing(location)]:
            raise NotFoundError(f"the logged model {gone[0]} is not there; give the folder mlruns beside its database.")
        artifacts = self._found(run.info.artifact_uri)
        return places if _is_missing(artifacts) else {**places, "": artifacts}  # a run without any may have no folder

    def _found(self, location: str) -> str:
        """Return where a folder is, also if MLflow's store was moved; MLflow remembers only where it was."""
        if not _is_missing(location):
            return location
        parts = _local(location).parts
        tails = [Path(*parts[-3:]), Path(*parts[-4:])]  # 0/<run>/artifacts, 0/models/<model>/artifacts
        moved = [folder / tail for folder in (self._folder, self._folder / ".trash") for tail in tails]
        return next((str(path) for path in moved if path.exists()), location)


def _problem(source: _Source, run: Run, experiment: str, store: Store) -> str:
    """Bring in one run; return what kept it from being read, empty if nothing did."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            points = source.points(run)
            files = source.download(run, folder)
        except (MlflowException, OSError) as error:
            return f"{type(error).__name__}: {error}"
        last = max((int(times[-1]) // 1_000_000 for _, times, _ in points.values()), default=0)
        state = {**_state(run, experiment, last), "parent": _parent(source, run)}
        import_run(store, run_id=id_here(run), state=state, points=points, files=files, environment=_environment(run))
    return ""


def _state(run: Run, experiment: str, last_point: int) -> dict[str, Any]:
    tags, started = run.data.tags, run.info.start_time or 0
    ended = run.info.end_time or max(started, last_point)
    return {
        "experiment": experiment,
        "name": run.info.run_name or tags.get("mlflow.runName", ""),
        "user": tags.get("mlflow.user") or run.info.user_id or "",
        "note": tags.get("mlflow.note.content", ""),
        "status": _ENDED.get(run.info.status, "killed"),
        "started": _time(started),
        "ended": _time(ended),
        "seconds": (ended - started) / 1000,
        "deleted": "" if run.info.lifecycle_stage == "active" else datetime.now(UTC).isoformat(),
        "params": {name: _typed(value) for name, value in run.data.params.items()},
        "tags": {
            **{name: value for name, value in tags.items() if name not in _FIELD_TAGS},
            "mlflow.runId": run.info.run_id,
        },
        "datasets": _datasets(run),
    }


def _parent(source: _Source, run: Run) -> str:
    parent = run.data.tags.get("mlflow.parentRunId")
    return source.id_here(parent) if parent else ""


def _environment(run: Run) -> Environment | None:
    known = {field: run.data.tags[tag] for field, tag in _CODE_TAGS.items() if tag in run.data.tags}
    return Environment(code=Code(**known)) if known else None


def _datasets(run: Run) -> dict[str, Any]:
    datasets: dict[str, Any] = {}
    for each in run.inputs.dataset_inputs if run.inputs else ():
        context = [tag.value for tag in each.tags if tag.key == "mlflow.data.context"]
        name = "/".join([*context, each.dataset.name])
        columns = json.loads(each.dataset.schema or "{}").get("mlflow_colspec", [])
        dataset = Dataset(
            fingerprint=f"mlflow:{each.dataset.digest}",
            rows=json.loads(each.dataset.profile or "{}").get("num_rows", 0),
            columns=tuple(str(column.get("name", "")) for column in columns),
            dtypes=tuple(str(column["type"]) for column in columns),
        )
        datasets[name if name not in datasets else f"{name}-{each.dataset.digest}"] = to_json(dataset)
    return datasets


def _series(history: list[Metric]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return steps, times and values in order of time, which a database does not keep."""
    points = sorted(history, key=lambda point: (point.timestamp, point.step))
    values = np.array([point.value for point in points], np.float64)
    values[np.abs(values) == sys.float_info.max] *= np.inf
    times = np.array([point.timestamp for point in points], np.int64) * 1_000_000
    return np.array([point.step for point in points], np.int64), times, values


def _typed(text: str) -> Any:
    """Return the value that Python writes exactly like this; the text if there is none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for kind in (int, float):
        try:
            value = kind(text)
            if str(value) == text and math.isfinite(value):
                return value
        except (ValueError, OverflowError):
            continue
    return text


def id_here(run: Run) -> str:
    """Return the identifier that a run of MLflow has here."""
    return run_id_for(f"mlflow:{run.info.run_id}", run.info.start_time or 0)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _experiments(client: MlflowClient, names: Iterable[str] | None) -> list[Experiment]:
    found = list(pages(lambda token: client.search_experiments(_all_stages(), max_results=_PAGE, page_token=token)))
    if names is None:
        return found
    wanted = set(names)
    if unknown := sorted(wanted - {experiment.name for experiment in found}):
        raise NotFoundError(f"MLflow has no experiment {', '.join(map(repr, unknown))}; check the spelling.")
    return [experiment for experiment in found if experiment.name in wanted]


def _runs(client: MlflowClient, experiment: Experiment) -> Iterator[Run]:
    ids = [experiment.experiment_id]
    return pages(
        lambda token: client.search_runs(ids, run_view_type=_all_stages(), max_results=_PAGE, page_token=token)
    )


def pages(page_at: Any) -> Iterator[Any]:
    """Yield everything from ``page_at(token)``, page after page."""
    token = None
    while True:
        page = page_at(token)
        yield from page
        token = page.token
        if not token:
            return


def _all_stages() -> int:
    from mlflow.entities import ViewType

    return int(ViewType.ALL)


def client_of(uri: str) -> MlflowClient:
    """Open MLflow's store, or say what is missing for that."""
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingDependencyError("Importing from MLflow needs it: pip install mlflow") from error
    return MlflowClient(tracking_uri=uri)


@contextmanager
def file_store_allowed() -> Iterator[None]:
    """MLflow 3.17 and later refuse to open a folder ``mlruns`` unless this is set."""
    name = "MLFLOW_ALLOW_FILE_STORE"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def refuse_missing(uri: str) -> None:
    """MLflow would make an empty database or folder in place of a misspelt one."""
    if _is_missing(uri.removeprefix("sqlite:///")):
        raise NotFoundError(
            f"There is no MLflow store {uri!r}: give the folder mlruns, sqlite:///<file>, or an address."
        )


def _is_missing(location: str) -> bool:
    """Tell whether this is a local path, or the address of one, where nothing is."""
    return (location.startswith("file:") or "://" not in location) and not _local(location).exists()


def _local(location: str) -> Path:
    return Path(url2pathname(urlparse(location).path) if location.startswith("file:") else location)
