import os

import pytest

from mlopskit.clean_process import run_clean


@pytest.fixture
def run(tmp_path):
    def run(source, **options):
        program = tmp_path / "program.py"
        program.write_text(f"import sys\nanswer = open(sys.argv[1], 'wb')\n{source}\n")
        return run_clean(program, b"question", **options)

    return run


def test_nothing_of_this_process_is_there(run, tmp_path, monkeypatch):
    (tmp_path / "here.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended = run("import os; answer.write(repr((os.listdir(), os.getpid())).encode()); answer.flush(); import here")
    assert ended.code == 1
    files, process = eval(ended.answer)
    assert files == []
    assert process != os.getpid()


def test_what_is_printed_is_no_answer(run):
    assert run("print('noise'); answer.write(sys.stdin.buffer.read())") == (b"question", 0)


def test_what_was_answered_before_the_time_was_up_is_kept(run):
    assert run("answer.write(b'so far'); answer.flush()\nwhile True: pass", seconds=1.5) == (b"so far", None)


def test_a_process_that_never_answers_has_its_code(run):
    assert run("import os; os.kill(os.getpid(), 9)") == (b"", -9)
