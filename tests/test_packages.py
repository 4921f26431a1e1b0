import subprocess
import sys
from importlib.metadata import packages_distributions, version

from mlopskit.packages import imported_packages


def normal(name):
    return name.replace("_", "-").replace(".", "-").lower()


def test_versions_are_those_that_the_metadata_state():
    import pandas as pd  # noqa: F401
    import sklearn  # noqa: F401

    found = imported_packages()
    for name in ("numpy", "pandas", "scikit-learn", "attrs", "pytest"):
        assert found[name] == version(name)


def test_every_imported_package_is_there_as_the_metadata_of_all_distributions_say():
    owners = packages_distributions()
    tops = {name.partition(".")[0] for name, module in sys.modules.items() if getattr(module, "__file__", None)}
    single = {top: owners[top][0] for top in tops if len(set(owners.get(top, ()))) == 1}
    expected = {normal(distribution) for top, distribution in single.items() if not top.startswith("_")}
    assert len(expected) > 10
    assert expected <= {normal(name) for name in imported_packages()}


def test_what_is_installed_but_not_imported_is_left_out():
    program = "from mlopskit.packages import imported_packages; print(*imported_packages())"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pytest" not in answer.stdout.split()
    assert "scikit-learn" not in answer.stdout.split()


def test_a_module_without_a_distribution_is_no_package(tmp_path, monkeypatch):
    (tmp_path / "lonely_module.py").write_text("x = 1")
    monkeypatch.syspath_prepend(tmp_path)
    import lonely_module  # noqa: F401

    assert not any("lonely" in name for name in imported_packages())


def test_a_namespace_package_is_found_by_its_list_of_files(tmp_path, monkeypatch):
    (tmp_path / "space" / "part").mkdir(parents=True)
    (tmp_path / "space" / "part" / "__init__.py").write_text("")
    info = tmp_path / "Some_Thing-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: Some.Thing\nVersion: 1.5\n")
    (info / "RECORD").write_text("space/part/__init__.py,sha256=x,0\n")
    monkeypatch.syspath_prepend(tmp_path)
    import space.part  # noqa: F401

    assert imported_packages()["some-thing"] == "1.5"


def test_what_only_pretends_to_be_a_module_is_left_out(monkeypatch):
    class Library:
        __class__ = type(sys)

    monkeypatch.setitem(sys.modules, "pretender", Library())
    assert "pretender" not in imported_packages()
