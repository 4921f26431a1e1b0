import time

import pandas as pd
import pytest

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import MaxLatency

X = pd.DataFrame({"distance": range(10)})


class Slow:
    def __init__(self, seconds):
        self.seconds, self.asked = seconds, []

    def predict(self, rows):
        self.asked.append(len(rows))
        time.sleep(self.seconds)
        return [0] * len(rows)


def test_a_quick_model_passes_and_a_slow_one_fails():
    quick, slow = Slow(0), Slow(0.004)
    assert MaxLatency(1000, rows=3, calls=20).check(Trial(model=quick, X=X)).status == "passed"
    assert set(quick.asked) == {3}
    result = MaxLatency(2, calls=20).check(Trial(model=slow, X=X))
    assert result.status == "failed"
    assert result.observed["median"] >= 4
    assert result.observed["n"] == 20


def test_what_can_not_be_timed_is_an_error():
    assert MaxLatency(5).check(Trial(model=Slow(0))).status == "error"
    assert MaxLatency(5, rows=11).check(Trial(model=Slow(0), X=X)).status == "error"
    result = MaxLatency(5).check(Trial(model=object(), X=X))
    assert "without predict" in result.message
    with pytest.raises(ValueError, match="milliseconds"):
        MaxLatency(0)
