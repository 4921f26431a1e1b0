import io
import json
import zipfile

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from mlopskit.errors import NotTrustedError, SerializationError
from mlopskit.storage.serializers import serializers_for

pytest.importorskip("skops")

X = np.random.default_rng(0).normal(size=(40, 3)).round(1)
y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        SGDClassifier(random_state=0),
        SVC(),
        make_pipeline(StandardScaler(), FunctionTransformer(np.tanh), LogisticRegression(C=np.float64(0.5))),
        ColumnTransformer([("scaled", StandardScaler(), [0]), ("coded", OneHotEncoder(sparse_output=False), [1])]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_fitted_estimator_of_scikit_learn_comes_back_without_code(model, round_trip):
    model.fit(X, y)
    assert [serializer.name for serializer in serializers_for(model)] == ["cloudpickle"]  # skops must be asked for
    again = round_trip("skops", model)
    method = "predict" if hasattr(model, "predict") else "transform"
    np.testing.assert_array_equal(getattr(again, method)(X), getattr(model, method)(X))
    assert repr(again.get_params()) == repr(model.get_params())


class Own(LogisticRegression):
    pass


def test_an_estimator_from_elsewhere_is_left_to_cloudpickle():
    assert [serializer.name for serializer in serializers_for(Own())] == ["cloudpickle"]


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=2).fit(X, y),
        FunctionTransformer(lambda x: x),
        make_pipeline(Own()),
        LogisticRegression(class_weight={True: 1.0, False: 2.0}),
    ],
    ids=["trees", "lambda", "own step", "keys that change"],
)
def test_what_skops_does_not_trust_or_not_keep_is_refused(model, to_bytes):
    with pytest.raises(SerializationError):
        to_bytes("skops", model)


def forged(to_bytes, change):
    content = io.BytesIO(to_bytes("skops", LogisticRegression()))
    forgery = io.BytesIO()
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(forgery, "w") as target:
        schema = json.loads(source.read("schema.json"))
        target.writestr("schema.json", json.dumps(change(schema)))
    return forgery.getvalue()


def call(module, function, argument):
    text = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(argument)}
    arguments = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [text]}
    return {
        "__class__": function,
        "__module__": module,
        "__loader__": "ConstructorFromReduceNode",
        "content": arguments,
    }


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("where", ["root", "attribute"])
def test_a_forged_file_that_would_run_code_is_refused(to_bytes, from_bytes, tmp_path, where, protocol):
    trap = call("os", "mkdir", str(tmp_path / "trap"))

    def forge(schema):
        if where == "root":
            return trap | {"protocol": protocol, "_skops_version": "0"}
        schema["content"]["content"]["C"] = trap
        return schema | {"protocol": protocol}

    with pytest.raises(NotTrustedError):
        from_bytes("skops", forged(to_bytes, forge))
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("loader", ["ObjectNode", "FunctionNode", "TypeNode", "PartialNode", "OperatorFuncNode"])
def test_no_kind_of_node_brings_a_foreign_callable_in(to_bytes, from_bytes, loader):
    parts = dict.fromkeys(("func", "args", "kwds", "namespace"), call("os", "getcwd", ""))
    node = {
        "__class__": "system",
        "__module__": "operator" if loader == "OperatorFuncNode" else "os",
        "__loader__": loader,
    }
    node |= {"content": parts} if loader == "PartialNode" else {"attrs": call("os", "getcwd", "")}

    def forge(schema):
        schema["content"]["content"]["C"] = node
        return schema

    with pytest.raises(NotTrustedError):
        from_bytes("skops", forged(to_bytes, forge))
