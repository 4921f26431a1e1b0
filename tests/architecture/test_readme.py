"""What the README shows runs as it is written."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from mlopskit import Registry, Tracker

README = Path(__file__).parents[2] / "README.md"


def test_the_closed_loop_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    some_flights(4_000).to_csv("flights.csv.zip", index=False)
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    module = {"__name__": "readme"}
    exec(compile(program, "README.md", "exec"), module)
    outcome = capsys.readouterr().out
    assert "flight-delays/2" in outcome or "not retrained" in outcome
    assert len(Tracker("flights-store", experiment="flight-delays").runs()) >= 1
    assert Registry("flights-store").verify("flight-delays").ok


def some_flights(rows):
    """Flights whose delay depends on the hour; in February everything leaves later."""
    generator = np.random.default_rng(0)
    month, hour = generator.integers(1, 3, rows), generator.integers(5, 24, rows)
    hour = np.where(month == 2, np.minimum(hour + 6, 23), hour)
    return pd.DataFrame(
        {
            "month": month,
            "day": generator.integers(1, 29, rows),
            "hour": hour,
            "distance": generator.integers(80, 5000, rows),
            "dep_delay": generator.normal(5, 20, rows),
            "arr_delay": generator.normal(hour - 5, 20, rows),
            "origin": generator.choice(["EWR", "JFK", "LGA"], rows),
            "dest": "LAX",
        }
    )
