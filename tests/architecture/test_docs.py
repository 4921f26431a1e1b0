"""What the pages of the documentation show runs as it is written, block after block."""

import re
from pathlib import Path

import pytest

from mlopskit.validation import checks

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
NEEDS = {
    "autolog": ["xgboost", "optuna"],
    "moving-from-mlflow": ["mlflow"],
    "sweeps": ["optuna"],
    "validating-data": ["pyarrow"],
}


CATALOGUES = ["validating-data", "validating-models", "registry"]


def page_of(path):
    """What other libraries warn of is theirs."""
    marks = [pytest.mark.filterwarnings("ignore")] if path.stem in NEEDS else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("page", [page_of(path) for path in PAGES])
def test_the_programs_of_a_page_run(page, tmp_path, monkeypatch):
    for library in NEEDS.get(page.stem, []):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    module = {"__name__": "page"}
    for program in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(compile(program, page.name, "exec"), module)


def test_every_check_is_shown_at_work():
    shown = "".join(path.read_text(encoding="utf-8") for path in PAGES if path.stem in CATALOGUES)
    programs = re.findall(r"```python\n(.*?)```", shown, flags=re.DOTALL)
    used = set(re.findall(r"\bchecks\.(\w+)", "".join(programs)))
    assert set(checks.__all__) - used == {"Check", "EachRow", "FrameCheck"}  # what checks are made of
