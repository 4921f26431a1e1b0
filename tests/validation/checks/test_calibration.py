import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import Calibrated
from mlopskit.validation.checks.calibration import calibration_error, expected_error


class Says:
    """A model that says its only column."""

    classes_ = np.array([0, 1])

    def predict_proba(self, X):
        return np.column_stack([1 - X["p"], X["p"]])


def trial(rows, distort=lambda p: p, seed=0):
    draw = np.random.default_rng(seed)
    truth = draw.random(rows)
    return Trial(
        model=Says(), X=pd.DataFrame({"p": distort(truth)}), y=pd.Series((draw.random(rows) < truth).astype(int))
    )


def test_the_error_is_that_of_scikit_learns_curve():
    draw = np.random.default_rng(1)
    said = np.sort(draw.random(1000))
    true = (draw.random(1000) < said**2).astype(int)
    share, mean = calibration_curve(true, said, n_bins=10, strategy="quantile")
    assert calibration_error(true, said, 10) == pytest.approx(np.abs(share - mean).mean(), abs=0.002)


def test_equal_probabilities_are_no_worse_for_rows_in_the_order_of_their_labels():
    X, y = pd.DataFrame({"p": [0.3] * 2000}), pd.Series([0] * 1400 + [1] * 600)
    assert Calibrated(0.05).check(Trial(Says(), X=X, y=y)).status == "passed"


def test_what_chance_makes_is_seldom_exceeded_by_right_probabilities():
    draw = np.random.default_rng(2)
    said = np.sort(draw.random(500))
    limit = expected_error(said, 10)
    exceeded = np.mean([calibration_error(draw.random(500) < said, said, 10) > limit for _ in range(400)])
    assert 0.02 < exceeded < 0.09


def test_right_probabilities_pass_and_exaggerated_ones_do_not():
    assert Calibrated(0.05).check(trial(5000)).status == "passed"
    result = Calibrated(0.05).check(trial(5000, lambda p: np.where(p > 0.5, 1 - (1 - p) / 3, p / 3)))
    assert result.status == "failed"
    assert "not enough" not in result.message
    assert result.observed["error"] > 0.1 > result.observed["expected"]


@pytest.mark.parametrize(
    ("distort", "direction"),
    [
        (lambda p: np.where(p > 0.5, 1 - (1 - p) / 3, p / 3), "overconfident"),
        (lambda p: (p + 0.5) / 2, "underconfident"),
        (np.sqrt, "too high"),
        (np.square, "too low"),
    ],
)
def test_the_direction_is_told(distort, direction):
    result = Calibrated(0.05).check(trial(5000, distort))
    assert (result.observed["verdict"], result.observed["direction"]) == ("miscalibrated", direction)
    assert result.message.endswith(direction)


@pytest.mark.parametrize(("power", "verdict"), [(1, "calibrated"), (3, "miscalibrated")])
def test_of_many_classes_the_predicted_ones_probability_is_compared(power, verdict):
    draw = np.random.default_rng(3)
    true = draw.dirichlet([1, 1, 1], 4000)
    labels = (true.cumsum(axis=1) > draw.random((4000, 1))).argmax(axis=1)
    said = true**power / (true**power).sum(axis=1, keepdims=True)

    class SaysAll:
        classes_ = np.array([0, 1, 2])

        def predict_proba(self, X):
            return X.to_numpy()

    result = Calibrated(0.05).check(Trial(SaysAll(), X=pd.DataFrame(said), y=labels))
    assert result.observed["verdict"] == verdict


def test_few_rows_are_not_enough_data():
    assert "not enough data" in Calibrated(0.05).check(trial(50)).message
    result = Calibrated(0.01).check(trial(200))
    assert result.status == "failed"
    assert "not enough data" in result.message


def test_what_can_not_be_asked_is_an_error():
    assert Calibrated().check(Trial(model=Says())).status == "error"
    assert Calibrated().check(Trial(model=object(), X=trial(300).X, y=trial(300).y)).status == "error"
    with pytest.raises(ValueError, match="tolerance"):
        Calibrated(0)
