"""``import mlopskit`` costs almost nothing, and its face is complete and in order."""

import subprocess
import sys

import mlopskit

HEAVY = ["numpy", "pandas", "scipy", "sklearn", "fsspec", "cattrs", "cloudpickle", "pyarrow", "skops", "s3fs"]


def modules_after(statement):
    program = f"import sys\n{statement}\nprint(' '.join(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    loaded = modules_after("import mlopskit; dir(mlopskit)")
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("mlopskit")} == {"mlopskit"}


def test_a_local_store_needs_neither_fsspec_nor_numpy(tmp_path):
    loaded = modules_after(f"import mlopskit; mlopskit.Store({str(tmp_path)!r}).create('name', b'x')")
    assert not loaded & set(HEAVY)


def test_every_name_of_the_face_loads_and_they_are_sorted():
    assert mlopskit.__all__ == sorted(mlopskit.__all__)
    for name in mlopskit.__all__:
        assert getattr(mlopskit, name) is not None
    assert set(mlopskit.__all__) <= set(dir(mlopskit))
