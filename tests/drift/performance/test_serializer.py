from __future__ import annotations

import io
import subprocess
import sys
import tomllib
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from mlopskit.drift import PerformanceEstimator
from mlopskit.drift.performance.serializer import PerformanceSerializer
from mlopskit.errors import DamagedError
from mlopskit.storage import canonical_json


def three(rows=2000, seed=0):
    random = np.random.default_rng(seed)
    p = random.dirichlet([1, 1, 1], rows)
    codes = (p.cumsum(axis=1) < random.uniform(size=(rows, 1))).sum(axis=1).clip(0, 2)
    return np.array(["EWR", "JFK", "LGA"])[codes], p**2 / (p**2).sum(axis=1, keepdims=True)


def two(rows=2000, seed=0):
    score = np.random.default_rng(seed).uniform(size=rows)
    return np.random.default_rng(seed + 1).uniform(size=rows) < score, score


def to_bytes(estimator):
    file = io.BytesIO()
    PerformanceSerializer().write(estimator, file)
    return file.getvalue()


@pytest.mark.parametrize("make", [two, three])
def test_an_estimator_comes_back_and_estimates_the_same(make):
    estimator = PerformanceEstimator(["accuracy", "roc_auc"], confidence=0.9).fit(*make())
    data = to_bytes(estimator)
    back = PerformanceSerializer().read(io.BytesIO(data), version=1)
    labels, probability = make(500, 5)
    assert PerformanceSerializer().accepts(estimator)
    assert back.get_params() == estimator.get_params()
    assert back.estimate(probability, y_true=labels) == estimator.estimate(probability, y_true=labels)
    assert to_bytes(back) == data


def test_an_estimator_comes_back_in_a_fresh_process(tmp_path):
    estimator = PerformanceEstimator(["roc_auc"]).fit(*two())
    (tmp_path / "estimator.json").write_bytes(to_bytes(estimator))
    program = """
import sys, numpy as np
from mlopskit.drift.performance.serializer import PerformanceSerializer
with open(sys.argv[1], "rb") as file:
    estimator = PerformanceSerializer().read(file, version=1)
print(repr(estimator.estimate(np.linspace(0, 1, 300))["roc_auc"]))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "estimator.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(estimator.estimate(np.linspace(0, 1, 300))["roc_auc"])


def test_names_of_metrics_may_come_in_an_array():
    estimator = PerformanceEstimator(np.array(["accuracy", "roc_auc"])).fit(*two())
    back = PerformanceSerializer().read(io.BytesIO(to_bytes(estimator)), version=1)
    _, score = two(500, 5)
    assert back.estimate(score) == estimator.estimate(score)
    assert [type(each.metric) for each in estimator.estimate(score).metrics] == [str, str]


def test_an_unfitted_estimator_comes_back_unfitted():
    back = PerformanceSerializer().read(io.BytesIO(to_bytes(PerformanceEstimator(confidence=0.8))), version=1)
    assert back.get_params() == {"metrics": None, "confidence": 0.8}
    assert not hasattr(back, "model_")


def test_it_is_small_and_holds_no_row():
    labels, score = two(20_000)
    data = to_bytes(PerformanceEstimator().fit(labels, score))
    assert len(data) < 5_000
    kept = canonical_json.decode(data)["model"]
    assert set(kept) == {"classes", "curves", "spread", "group_scatter", "reference", "own_labels", "grouped"}


def test_what_holds_rows_models_or_odd_labels_is_left_to_other_serializers():
    labels, score = two(300)
    with_rows = PerformanceEstimator(["accuracy"]).fit(labels, score, X=score[:, np.newaxis])
    regression = PerformanceEstimator(["rmse"]).fit(score, y_pred=score)
    moments = PerformanceEstimator(["accuracy"]).fit(np.array(["2013-01-01", "2014-01-01"], "M8[D]")[labels * 1], score)

    class Special(PerformanceEstimator): ...

    for other in (with_rows, regression, moments, Special(), {"metrics": None}):
        assert not PerformanceSerializer().accepts(other)


def test_what_holds_rows_or_models_comes_back_by_cloudpickle():
    labels, score = two(600)
    features = np.random.default_rng(0).normal(size=(600, 2))
    with_rows = PerformanceEstimator(["accuracy"]).fit(labels, score, X=features)
    back = cloudpickle.loads(cloudpickle.dumps(with_rows))
    assert back.estimate(score, X=features + 1) == with_rows.estimate(score, X=features + 1)
    regression = PerformanceEstimator(["rmse"]).fit(features[:, 0], y_pred=score, X=features)
    back = cloudpickle.loads(cloudpickle.dumps(regression))
    assert back.estimate(y_pred=score, X=features) == regression.estimate(y_pred=score, X=features)


def test_installing_the_package_makes_it_known():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    plugins = project["entry-points"]["mlopskit.serializers"]
    assert plugins[PerformanceSerializer.name] == f"{PerformanceSerializer.__module__}:PerformanceSerializer"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"params":{}}'])
def test_other_bytes_are_refused(data):
    with pytest.raises((DamagedError, ValueError)):
        PerformanceSerializer().read(io.BytesIO(data), version=1)


def test_loading_the_serializer_imports_nothing_heavy():
    code = (
        "import sys, mlopskit.drift.performance.serializer;"
        "print(sorted({'numpy', 'pandas', 'scipy', 'sklearn'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
