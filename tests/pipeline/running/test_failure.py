import pandas as pd
import pytest

from mlopskit.errors import PipelineError, ValidationError
from mlopskit.pipeline import Pipeline, Step


def frame(rows):
    return pd.DataFrame({"secret": ["value-4711"] * rows, "n": range(rows)})


def broken(frame, settings):
    return below(frame)


def below(frame):
    return frame["missing"]


class Report:
    def __init__(self, ok):
        self.ok = ok

    def raise_if_failed(self):
        if not self.ok:
            raise ValidationError("distance: 3 of 10 rows are negative")


class AtMost:
    """A validator: at most this many rows."""

    def __init__(self, rows):
        self.rows = rows

    def validate(self, frame):
        return Report(len(frame) <= self.rows)


def test_the_error_names_the_step_the_line_and_what_went_in(store):
    with pytest.raises(PipelineError) as caught:
        Pipeline([frame, broken], store=store).run(rows=3, settings={"a": 1})
    message = str(caught.value)
    assert message.startswith("Step 'broken' failed: KeyError: 'missing'")
    assert f"at {__file__}:{below.__code__.co_firstlineno + 1} in below" in message
    assert "frame: DataFrame of shape (3, 2)" in message
    assert "settings: dict of 1" in message
    assert "value-4711" not in message
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_failed_report_fails_the_step_with_its_message(store):
    with pytest.raises(PipelineError, match=r"Step 'frame' failed.*3 of 10 rows are negative") as caught:
        Pipeline([Step(frame, validate=AtMost(2))], store=store).run(rows=3)
    assert isinstance(caught.value.__cause__, ValidationError)


def test_an_output_that_failed_its_checks_is_not_kept(store, status):
    with pytest.raises(PipelineError):
        Pipeline([Step(frame, validate=AtMost(2))], store=store).run(rows=3)
    assert status(Pipeline([frame], store=store).run(rows=3)) == {"frame": "done"}


def test_changed_checks_look_at_the_output_again(store, status):
    assert status(Pipeline([Step(frame, validate=AtMost(5))], store=store).run(rows=3)) == {"frame": "done"}
    assert status(Pipeline([Step(frame, validate=AtMost(5))], store=store).run(rows=3)) == {"frame": "cached"}
    with pytest.raises(PipelineError):
        Pipeline([Step(frame, validate=AtMost(2))], store=store).run(rows=3)
