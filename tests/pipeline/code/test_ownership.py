import dataclasses
import functools
import json
import types

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

from mlopskit.pipeline.code.ownership import (
    NOTHING,
    is_found_by_name,
    is_made_for_somebody,
    is_of_package,
    is_put_into,
    member_of,
)


def own():
    return 1


class Own:
    def method(self):
        return 1


def test_whose_code_a_function_is():
    assert is_of_package(json.dumps)
    assert is_of_package(roc_auc_score)
    assert not is_of_package(own)
    assert not is_of_package(functools.wraps(json.dumps)(lambda: 1))  # it only says it is


def test_a_decorated_function_of_a_package_is_known_by_its_name():
    assert roc_auc_score.__closure__ is not None
    assert is_found_by_name(roc_auc_score)
    assert not is_found_by_name(functools.singledispatch(own))


def test_a_class_that_a_package_made_of_what_it_was_given():
    made = dataclasses.make_dataclass("Made", ["x"])
    assert is_made_for_somebody("types", made.__qualname__)
    assert not is_made_for_somebody("types", "SimpleNamespace")
    assert is_made_for_somebody("any", "factory.<locals>.Made")


@pytest.mark.parametrize(
    "found",
    [
        own,
        Own,
        Own(),
        Own().method,
        functools.partial(own),
        functools.partial(functools.partial(own)),
        functools.cache(own),
    ],
    ids=["function", "class", "instance", "method", "partial", "partial of partial", "cache"],
)
def test_code_that_was_put_into_a_package(found):
    assert is_put_into("json", found)


@pytest.mark.parametrize(
    "found",
    [json.dumps, np.sum, np.add, np.pi, roc_auc_score, LinearRegression, np.random, NOTHING, None, len],
    ids=range(10),
)
def test_what_packages_have_themselves_or_of_one_another(found):
    assert not is_put_into("sklearn", found)


def test_a_module_is_not_asked():
    class Lazy(types.ModuleType):
        def __getattr__(self, name):
            raise AssertionError(name)

    assert member_of(Lazy("lazy"), "anything") is NOTHING
    assert member_of(json, "decoder") is json.decoder
