import os

from mlopskit.registry.loading_check import check_loading

NAME = "flight-delays"


class EndsTheProcess:
    def __reduce__(self):
        return os._exit, (3,)


def test_a_process_that_ends_while_it_loads_is_told(registry):
    registry.register(NAME, EndsTheProcess())
    result = check_loading(registry.store, f"{NAME}/1", trust=False)
    assert (result.status, result.message) == ("failed", "the process ended with code 3 and said nothing")


def test_a_process_that_takes_too_long_is_told(registry):
    registry.register(NAME, {"a": 1})
    result = check_loading(registry.store, f"{NAME}/1", trust=False, seconds=0.01)
    assert (result.status, result.message) == ("failed", "it did not load within 0.01 s")


def test_a_version_without_a_sample_loads(registry):
    registry.register(NAME, {"a": 1})
    assert check_loading(registry.store, f"{NAME}/1", trust=False).message == "registered without a sample to predict"
