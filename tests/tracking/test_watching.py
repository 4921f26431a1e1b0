import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from mlopskit.tracking.watching import watch

rng = np.random.default_rng(0)
X = pd.DataFrame({"hour": rng.normal(size=60), "distance": rng.normal(size=60)})
y = (X["hour"] + rng.normal(size=60) > 0).to_numpy()


def test_a_fit_leaves_params_score_signature_and_model(tracker):
    with tracker.start_run() as run:
        model = run.watch(LogisticRegression(C=0.5)).fit(X, y)
    found = tracker.get_run(run.id)
    assert found.params["C"] == 0.5
    assert found.params["estimator_class"].endswith("LogisticRegression")
    assert found.metrics["training_score"] == model.score(X, y)
    assert found.metrics["fit_seconds"] > 0
    assert {"signature", "model"} <= set(found.artifacts)
    assert (found.artifact("model", trust=True).predict(X) == model.predict(X)).all()


def test_only_the_next_fit_of_one_object_is_recorded(tracker):
    with tracker.start_run() as run:
        model = run.watch(Ridge(alpha=2.0))
        Ridge(alpha=3.0).fit(X, y)
        clone(model).fit(X, y)
        pickle.loads(pickle.dumps(model)).fit(X, y)
        assert run.params == {}
        model.fit(X, y)
        assert "fit" not in vars(model)
        model.fit(X, y)
    assert run.params["alpha"] == 2.0
    assert not any(name.startswith("Ridge") for name in run.params)


def test_the_candidates_of_a_search_are_children(tracker):
    with tracker.start_run() as run:
        search = run.watch(GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3)).fit(X, y)
    children = tracker.runs(f"parent = '{run.id}'", order_by="name")
    assert children["params.C"].tolist() == [0.1, 1.0, 10.0]
    assert children["metrics.mean_test_score"].tolist() == search.cv_results_["mean_test_score"].tolist()
    first = tracker.get_run(children["run_id"][0])
    folds = [search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)]
    assert first.metric("test_score")["value"].tolist() == folds
    assert run.params["best_C"] == search.best_params_["C"]


def test_a_second_fit_in_a_run_gets_a_prefix(tracker):
    with tracker.start_run() as run:
        for alpha in (1.0, 2.0, float("nan")):
            estimator = run.watch(Ridge(alpha=alpha))
            if alpha == alpha:
                estimator.fit(X, y)
            else:
                with pytest.raises(ValueError, match="alpha"):
                    estimator.fit(X, y)
    assert (run.params["alpha"], run.params["Ridge.alpha"]) == (1.0, 2.0)
    assert "Ridge-2.fit_error" in run.tags


def test_curves_are_series(tracker):
    with tracker.start_run() as run, pytest.warns(UserWarning, match="Stochastic"):
        model = run.watch(MLPClassifier([3], max_iter=5, random_state=0)).fit(X, y)
    assert run.metric("loss_curve")["value"].tolist() == model.loss_curve_
    assert run.metrics["n_iter"] == 5


@pytest.mark.parametrize("wrong", [Ridge, object(), "Ridge"])
def test_what_has_no_fit_is_refused(tracker, wrong):
    with pytest.raises(TypeError, match="fit and get_params"):
        watch(tracker.start_run(), wrong)


def test_a_recording_that_fails_leaves_the_fit_alone(tracker):
    run = tracker.start_run()
    model = run.watch(Ridge())
    run.finish()
    with pytest.warns(UserWarning, match="could not be recorded"):
        model.fit(X, y)
    assert hasattr(model, "coef_")
