"""Registered models from MLflow: their versions, aliases and tags, on a registry of ours."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs

from mlopskit.errors import MlopskitError, NotFoundError, NotTrustedError
from mlopskit.extras.mlflow import client_of, file_store_allowed, id_here, pages, refuse_missing
from mlopskit.storage.store import checked_part

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Theirs

    from mlopskit.registry.registry import Registry

_VERSION_TAG, _RUN_TAG = "mlflow.version", "mlflow.runId"
_NATIVE = ("sklearn", "xgboost", "lightgbm", "catboost")  # flavours whose own object is the model
_PAGE = 200


@attrs.frozen
class ImportedModels:
    """What an import of registered models found, each named as in MLflow: ``"delays/3"``.

    Attributes
    ----------
    versions : dict of str to str
        Of each version that is on the store now, what it is there.
    new : tuple of str
        Those of them that this import brought in.
    failed : dict of str to str
        Left out, and why; import again when that is mended.
    """

    versions: dict[str, str]
    new: tuple[str, ...]
    failed: dict[str, str]

    def __repr__(self) -> str:
        return f"<{len(self.versions)} model versions from MLflow: {len(self.new)} new, {len(self.failed)} failed>"


def import_models(
    uri: str | os.PathLike[str],
    registry: Registry,
    *,
    trust: bool = False,
    models: Iterable[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> ImportedModels:
    """Bring registered models from MLflow into a registry. Doing it again brings in only what is not there yet.

    Versions come in the order of their numbers. Ours are 1, 2, 3; MLflow's may have gaps, and stay known as the tag
    ``mlflow.version``. Kept are description, tags, aliases, the run (under the identifier that `import_runs` gives it)
    with its params and metrics, and the input example as sample if the model can predict it. Aliases are only set for
    versions that this import brings in, so that what was decided here since stays. Registered models' own tags and
    descriptions stay behind. MLflow's store is only read.

    Parameters
    ----------
    uri : str or path
        What MLflow calls the tracking URI: ``"sqlite:///mlflow.db"``, a folder ``"mlruns"``, or a server's address.
    registry : Registry
    trust : bool, default False
        True consents to running the code that the models bring along: MLflow unpickles them to load them.
    models : iterable of str, optional
        Names of those to bring in; default all.
    names : mapping of str to str, optional
        What models are to be called here, for names that a registry can not have.

    Returns
    -------
    ImportedModels
        Which versions came in, which are left out and why.

    Raises
    ------
    NotTrustedError
        Without consent.
    NotFoundError
        If there is no such folder, database or model.
    MissingDependencyError
        If mlflow is not installed.

    Examples
    --------
    >>> from mlopskit import Registry
    >>> import_models("sqlite:///mlflow.db", Registry("team-store"), trust=True)  # doctest: +SKIP
    <12 model versions from MLflow: 12 new, 0 failed>
    """
    if not trust:
        raise NotTrustedError(
            "MLflow unpickles a model to load it, which can run code. If you know where these models come from, say "
            "trust=True."
        )
    uri = os.fspath(uri)
    refuse_missing(uri)
    known, new, failed = {}, [], {}
    with file_store_allowed():
        client = client_of(uri)
        for model in _models(client, models):
            name = (names or {}).get(model, model)
            for theirs in _versions(client, model):
                label = f"{model}/{theirs.version}"
                try:
                    here = _here(registry, checked_part(name, kind="model"), theirs)
                    if here is None:
                        here = _bring_in(client, uri, registry, name, theirs)
                        new.append(label)
                    known[label] = here
                except Exception as error:  # noqa: BLE001 - whatever MLflow, or a model of long ago, raises
                    failed[label] = f"{type(error).__name__}: {error}"
    return ImportedModels(known, tuple(new), failed)


def _here(registry: Registry, name: str, theirs: Theirs) -> str | None:
    try:
        versions = registry.versions(name)
    except NotFoundError:
        return None
    if (column := f"tags.{_VERSION_TAG}") not in versions:
        return None
    found = versions.index[versions[column] == str(theirs.version)]
    return f"{name}/{found[0]}" if len(found) else None


def _bring_in(client: MlflowClient, uri: str, registry: Registry, name: str, theirs: Theirs) -> str:
    """Register one version, and give it its aliases."""
    run = client.get_run(theirs.run_id) if theirs.run_id else None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow, about versions of libraries
        model, sample = _loaded(uri, f"models:/{theirs.name}/{theirs.version}", folder)
        facts: dict[str, Any] = {
            "run": id_here(run) if run else None,
            "metrics": dict(run.data.metrics) if run else {},
            "params": dict(run.data.params) if run else {},
            "tags": {**theirs.tags, _VERSION_TAG: str(theirs.version), **({_RUN_TAG: theirs.run_id} if run else {})},
            "description": theirs.description or "",
        }
        try:
            version = registry.register(name, model, sample=sample, **facts)
        except MlopskitError:
            if sample is None:
                raise
            version = registry.register(name, model, **facts)
    for alias in client.get_model_version(theirs.name, theirs.version).aliases:
        registry.set_alias(name, alias, version, reason="imported from MLflow")
    return str(version)


def _loaded(uri: str, address: str, folder: str) -> tuple[Any, Any]:
    """Load a model as the object that was logged, and its input example if that is a frame."""
    import pandas as pd
    from mlflow import get_tracking_uri, set_tracking_uri
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    before = get_tracking_uri()
    set_tracking_uri(uri)
    try:
        path = download_artifacts(artifact_uri=address, dst_path=folder)
        described = Model.load(path)
        flavour = next((each for each in _NATIVE if each in described.flavors), "pyfunc")
        model = import_module(f"mlflow.{flavour}").load_model(path)
        example = described.load_input_example(path)
    finally:
        set_tracking_uri(before)
    return model, example if isinstance(example, pd.DataFrame) else None


def _models(client: MlflowClient, names: Iterable[str] | None) -> Iterator[str]:
    found = pages(lambda token: client.search_registered_models(max_results=_PAGE, page_token=token))
    known = [model.name for model in found]
    wanted = list(known if names is None else names)
    if missing := [name for name in wanted if name not in known]:
        raise NotFoundError(f"MLflow has no registered model {missing[0]!r}; it has {', '.join(known) or 'none'}.")
    yield from wanted


def _versions(client: MlflowClient, name: str) -> list[Theirs]:
    condition = f"name = '{name}'" if "'" not in name else f'name = "{name}"'
    found = pages(lambda token: client.search_model_versions(condition, max_results=_PAGE, page_token=token))
    return sorted(found, key=lambda version: int(version.version))
