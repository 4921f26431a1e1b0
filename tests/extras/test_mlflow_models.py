import os
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("mlflow")

import mlflow
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

from mlopskit.errors import NotFoundError, NotTrustedError
from mlopskit.extras.mlflow import import_runs
from mlopskit.extras.mlflow_models import import_models
from mlopskit.registry.registry import Registry
from mlopskit.tracking.tracker import Tracker

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(280)]

X = pd.DataFrame({"distance": [200.0, 1400.0, 2500.0]})
NAME = "flight delays"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A real MLflow store with a model of three versions, of which the second was deleted."""
    folder, before = tmp_path_factory.mktemp("mlflow"), Path.cwd()
    uri = f"sqlite:///{folder}/mlflow.db"
    os.chdir(folder)
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("flights")
    for slope in (1, 2, 3):
        with mlflow.start_run():
            mlflow.log_metric("rmse", slope / 10)
            mlflow.log_param("slope", slope)
            mlflow.sklearn.log_model(
                LinearRegression().fit(X, slope * X["distance"]),
                name="model",
                registered_model_name=NAME,
                input_example=X if slope < 3 else None,
                pip_requirements=[],
                serialization_format="cloudpickle",
            )
    client = MlflowClient(tracking_uri=uri)
    client.set_registered_model_alias(NAME, "champion", 1)
    client.set_model_version_tag(NAME, 1, "team", "ops")
    client.update_model_version(NAME, 1, "The first one.")
    client.delete_model_version(NAME, 2)
    mlflow.set_tracking_uri("")
    os.chdir(before)
    return uri, client


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "store")


def test_versions_come_with_aliases_tags_words_metrics_and_runs(source, registry):
    imported = import_models(source[0], registry, trust=True, names={NAME: "delays"})
    assert imported.versions == {f"{NAME}/1": "delays/1", f"{NAME}/3": "delays/2"}
    assert repr(imported) == "<2 model versions from MLflow: 2 new, 0 failed>"
    first, second = registry.version("delays@champion"), registry.version("delays/2")
    assert (first.number, first.description, first.tags["team"]) == (1, "The first one.", "ops")
    assert (first.metrics, first.params) == ({"rmse": 0.1}, {"slope": "1"})
    assert first.signature.names == ("distance",)
    assert (second.tags["mlflow.version"], second.signature) == ("3", None)
    assert registry.load("delays@champion").predict({"distance": 10}).round(6).tolist() == [10.0]
    assert registry.load("delays/2").estimator.coef_.round(6).tolist() == [3.0]
    runs = import_runs(source[0], Tracker(registry.store, environment=False))
    assert first.run == runs.runs[first.tags["mlflow.runId"]]
    assert registry.verify("delays").ok


def test_twice_brings_nothing_twice_and_leaves_decisions_made_here(source, registry):
    import_models(source[0], registry, trust=True, names={NAME: "delays"})
    registry.set_alias("delays", "champion", 2)
    again = import_models(source[0], registry, trust=True, names={NAME: "delays"})
    assert again.new == ()
    assert len(again.versions) == 2
    assert len(registry.versions("delays")) == 2
    assert registry.version("delays@champion").number == 2


def test_nothing_is_unpickled_without_consent(source, registry):
    with pytest.raises(NotTrustedError, match="trust=True"):
        import_models(source[0], registry)
    assert registry.models().empty


def test_what_can_not_come_in_is_told(source, registry, tmp_path):
    imported = import_models(source[0], registry, trust=True)
    assert "can not name a model" in imported.failed[f"{NAME}/1"]
    assert imported.versions == {}
    with pytest.raises(NotFoundError, match="no registered model 'weather'"):
        import_models(source[0], registry, trust=True, models=["weather"])
    with pytest.raises(NotFoundError):
        import_models(f"sqlite:///{tmp_path}/none.db", registry, trust=True)
