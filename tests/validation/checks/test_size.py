import threading

import pytest

from mlopskit.records.trial import Trial
from mlopskit.validation.checks import MaxSize


def test_bytes_are_counted():
    trial = Trial(model=b"x" * 2_000_000)
    assert MaxSize(3).check(trial).status == "passed"
    result = MaxSize(1).check(trial)
    assert (result.status, result.message, result.observed["verdict"]) == ("failed", "it has 2 MB", "too large")


def test_what_can_not_be_pickled_is_an_error_and_no_size_is_refused():
    assert MaxSize(1).check(Trial(model=threading.Lock())).message == "the candidate can not be pickled: TypeError"
    with pytest.raises(ValueError, match="megabytes"):
        MaxSize(0)
