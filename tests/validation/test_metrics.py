import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from mlopskit.validation.metrics import metric_named
from mlopskit.validation.predictions import Predictions

ROWS = 300


class Fixed:
    def __init__(self, labels, probabilities=None, classes=None):
        self.labels, self.probabilities = labels, probabilities
        if classes is not None:
            self.classes_ = classes

    def predict(self, X):
        return self.labels

    def predict_proba(self, X):
        return self.probabilities


def classifier(random, *, ties):
    y = random.integers(0, 2, ROWS)
    p = np.clip(0.3 * y + random.uniform(0.05, 0.65, ROWS), 0, 1)
    p = np.round(p, 1).clip(0.05, 0.95) if ties else p
    return y, p, Fixed((p > 0.5).astype(int), np.column_stack([1 - p, p]), [0, 1])


def regressor(random):
    y = random.normal(1e6, 1, ROWS)  # far from zero, where a careless variance cancels to nothing
    return y, y + random.normal(0, 0.5, ROWS)


def weighted(name, predictions, weights):
    metric = metric_named(name)
    return metric.scorer(*metric.pair(predictions), np.arange(ROWS), ROWS)(weights)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_weighted_scores_of_classes_are_those_of_scikit_learn(seed, ties):
    random = np.random.default_rng(seed)
    y, p, model = classifier(random, ties=ties)
    weights = random.integers(0, 4, ROWS).astype(float)
    predictions = Predictions("candidate", model, np.empty((ROWS, 1)), y)
    expected = {
        "roc_auc": sklearn_metrics.roc_auc_score(y, p, sample_weight=weights),
        "accuracy": sklearn_metrics.accuracy_score(y, model.labels, sample_weight=weights),
        "log_loss": sklearn_metrics.log_loss(y, p, sample_weight=weights),
        "brier": sklearn_metrics.brier_score_loss(y, p, sample_weight=weights),
        "f1": sklearn_metrics.f1_score(y, model.labels, sample_weight=weights),
    }
    assert {name: weighted(name, predictions, weights) for name in expected} == pytest.approx(expected, rel=1e-12)


def test_weighted_scores_of_numbers_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    y, predicted = regressor(random)
    weights = random.integers(0, 4, ROWS).astype(float)
    predictions = Predictions("candidate", Fixed(predicted), np.empty((ROWS, 1)), y)
    expected = {
        "r2": sklearn_metrics.r2_score(y, predicted, sample_weight=weights),
        "mean_absolute_error": sklearn_metrics.mean_absolute_error(y, predicted, sample_weight=weights),
        "mean_squared_error": sklearn_metrics.mean_squared_error(y, predicted, sample_weight=weights),
        "rmse": sklearn_metrics.root_mean_squared_error(y, predicted, sample_weight=weights),
    }
    assert {name: weighted(name, predictions, weights) for name in expected} == pytest.approx(expected, rel=1e-9)


def test_log_loss_and_accuracy_take_many_classes_of_text():
    random = np.random.default_rng(0)
    classes = np.array(["EWR", "JFK", "LGA"])
    y, p = random.choice(classes, ROWS), random.dirichlet([1, 1, 1], ROWS)
    model = Fixed(classes[p.argmax(1)], p, classes)
    predictions = Predictions("candidate", model, np.empty((ROWS, 1)), y)
    assert weighted("log_loss", predictions, np.ones(ROWS)) == pytest.approx(sklearn_metrics.log_loss(y, p))
    assert weighted("accuracy", predictions, np.ones(ROWS)) == sklearn_metrics.accuracy_score(y, model.labels)


@pytest.mark.parametrize("name", ["roc_auc", "f1", "accuracy", "r2", "brier"])
def test_group_weights_stand_for_the_rows_of_the_group(name):
    random = np.random.default_rng(1)
    y, _, model = classifier(random, ties=True)
    predictions = Predictions("candidate", model, np.empty((ROWS, 1)), y)
    metric, groups = metric_named(name), random.integers(0, 12, ROWS)
    counts = random.integers(0, 3, 12).astype(float)
    repeated = np.repeat(np.arange(ROWS), counts[groups].astype(int))
    truth, predicted = metric.pair(predictions)
    by_weights = metric.scorer(truth, predicted, groups, 12)(counts)
    assert by_weights == pytest.approx(metric.score(truth[repeated], predicted[repeated]), rel=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "f1", "r2"])
def test_an_undefined_score_is_nan_without_a_warning(name):
    y = np.zeros(10, dtype=int)
    predictions = Predictions("candidate", Fixed(y, np.column_stack([y + 0.9, y + 0.1]), [0, 1]), np.empty((10, 1)), y)
    metric = metric_named(name)
    assert np.isnan(metric.score(*metric.pair(predictions)))


def test_r2_is_undefined_for_labels_that_do_not_vary_whatever_their_rounding():
    metric, y = metric_named("r2"), np.full(30, 0.1)
    assert np.isnan(metric.score(y, y + 1))
    y = np.r_[np.full(10, 0.1), np.full(20, 5.3)]
    score = metric.scorer(y, y + 0.5, np.arange(30), 30)
    assert np.isfinite(score(np.ones(30)))
    assert np.isnan(score(np.r_[np.arange(10.0), np.zeros(20)]))


def test_scores_hang_on_the_groups_of_the_class_they_are_about():
    truth, groups = np.array([True, False, False, False, True, False]), np.array([0, 1, 1, 2, 0, 0])
    counted = {name: metric_named(name).counted_groups(truth, groups) for name in ("roc_auc", "f1", "brier")}
    assert counted == {"roc_auc": 1, "f1": 1, "brier": 3}
    assert metric_named("accuracy").counted_groups(np.array([1, 0, 0, 0, 1, 0]), groups) == 3


def test_a_gain_is_positive_whatever_the_direction():
    assert metric_named("roc_auc").gain(0.8, 0.7) == pytest.approx(0.1)
    assert metric_named("log_loss").gain(0.3, 0.4) == pytest.approx(0.1)


def test_an_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="choose from accuracy, brier"):
        metric_named("auc")


@pytest.mark.parametrize("name", ["r2", "mean_absolute_error", "mean_squared_error", "rmse"])
def test_several_outputs_have_scikit_learns_uniform_average(name):
    random = np.random.default_rng(0)
    y = random.normal(size=(ROWS, 3)) * [1, 10, 100]
    predicted, weights = y + random.normal(size=(ROWS, 3)), random.integers(0, 4, ROWS).astype(float)
    expected = getattr(sklearn_metrics, {"rmse": "root_mean_squared_error", "r2": "r2_score"}.get(name, name))
    found = weighted(name, Predictions("candidate", Fixed(predicted), np.empty((ROWS, 1)), y), weights)
    assert found == pytest.approx(expected(y, predicted, sample_weight=weights))


def test_several_outputs_of_classes_have_the_mean_of_their_accuracies():
    random = np.random.default_rng(0)
    y = np.column_stack([random.choice(["a", "b"], ROWS), random.choice(["c", "d"], ROWS)]).astype(object)
    predictions = Predictions("candidate", Fixed(np.roll(y, 1, axis=0)), np.empty((ROWS, 1)), y)
    assert weighted("accuracy", predictions, np.ones(ROWS)) == pytest.approx(np.mean(y == np.roll(y, 1, axis=0)))


@pytest.mark.parametrize("name", ["accuracy", "brier", "log_loss", "mean_absolute_error", "mean_squared_error"])
def test_the_mean_of_the_row_losses_is_the_score(name):
    y, _, model = classifier(np.random.default_rng(0), ties=False)
    predictions, metric = Predictions("candidate", model, np.empty((ROWS, 1)), y), metric_named(name)
    mean = metric.row_loss(*metric.pair(predictions)).mean()
    assert metric.score(*metric.pair(predictions)) == pytest.approx(1 - mean if metric.higher_is_better else mean)
