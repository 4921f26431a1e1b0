import subprocess
import sys
import threading

import pytest

from mlopskit.errors import DamagedError, MissingDependencyError, SerializationError
from mlopskit.storage.serializers import serializer_named


def test_a_function_and_a_closure_come_back(round_trip):
    factor = 3
    assert round_trip("cloudpickle", lambda x: x * factor)(2) == 6


def test_it_says_that_it_carries_code():
    assert serializer_named("cloudpickle").carries_code


@pytest.mark.parametrize("value", [threading.Lock(), (number for number in ())], ids=["lock", "generator"])
def test_what_can_not_be_pickled_is_named_with_the_remedy(value, to_bytes):
    with pytest.raises(SerializationError, match=f"{type(value).__qualname__} can not be pickled.*Serializer"):
        to_bytes("cloudpickle", value)


def test_a_class_of_main_is_read_in_another_process(from_bytes, tmp_path):
    code = (
        "import sys\n"
        "from mlopskit.storage.serializers import serializer_named\n"
        "class Doubler:\n"
        "    def predict(self, x): return 2 * x\n"
        "with open(sys.argv[1], 'wb') as file: serializer_named('cloudpickle').write(Doubler(), file)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "object")], check=True)
    assert from_bytes("cloudpickle", (tmp_path / "object").read_bytes()).predict(4) == 8


def test_a_missing_module_is_named(from_bytes):
    with pytest.raises(MissingDependencyError, match="no_such_module"):
        from_bytes("cloudpickle", b"\x80\x05cno_such_module\nThing\n.")


def test_a_class_that_has_moved_is_told(from_bytes):
    with pytest.raises(SerializationError, match="no longer"):
        from_bytes("cloudpickle", b"\x80\x05cjson\nNoSuchClass\n.")


def test_a_truncated_pickle_is_damaged(to_bytes, from_bytes):
    with pytest.raises(DamagedError):
        from_bytes("cloudpickle", to_bytes("cloudpickle", {"a": (1, 2)})[:-3])
