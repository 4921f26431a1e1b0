import os
import subprocess
import sys

from mlopskit.tracking.journal import SUFFIX, Journal


def test_entries_come_back_in_order(tmp_path):
    journal = Journal.create(tmp_path / f"w{SUFFIX}", {"run": "a"})
    journal.append({"change": ["tags", {"ü": 1}]})
    assert list(journal.entries()) == [{"run": "a"}, {"change": ["tags", {"ü": 1}]}]
    assert [path.name for path in tmp_path.iterdir()] == [f"w{SUFFIX}"]


def test_nobody_takes_over_from_a_living_writer(tmp_path):
    path = tmp_path / f"w{SUFFIX}"
    journal = Journal.create(path, {"run": "a"})
    assert Journal.take_over(path) is None
    journal.close()
    taken = Journal.take_over(path)
    assert list(taken.entries()) == [{"run": "a"}]
    assert Journal.take_over(path) is None
    taken.remove()
    assert Journal.take_over(path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_lock_dies_with_its_process(tmp_path):
    path = tmp_path / f"w{SUFFIX}"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom mlopskit.tracking.journal import Journal\n"
        "Journal.create(Path(sys.argv[1]), {'run': 'a'}).append({'lost': 3})\nprint('there', flush=True)\n"
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "there\n"
        assert Journal.take_over(path) is None
        process.kill()
    assert list(Journal.take_over(path).entries()) == [{"run": "a"}, {"lost": 3}]


def test_torn_lines_are_left_out(tmp_path):
    path = tmp_path / f"w{SUFFIX}"
    journal = Journal.create(path, {"run": "a"})
    os.write(journal._descriptor, b'{"change":["ta\n[1]\n\xff\xff\n\n')
    journal.append({"lost": 3})
    assert list(journal.entries()) == [{"run": "a"}, {"lost": 3}]
