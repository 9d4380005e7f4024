"""Nothing that came as data is run as code."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.trust.conftest import Tell
from tests.trust.supply_dangers import ROOT, dangers, python_files

ALLOWED = {
    # Names of our own modules.
    ("agents/cli/lazy.py", "importlib.import_module"),
    ("tests/bench/__main__.py", "importlib.import_module"),
    ("tests/trust/test_hostile_patterns.py", "importlib.import_module"),
    # That a copy made by pickle is equal: of an object made in the test, by whoever uses it so.
    ("tests/pipeline/evaluation/test_contenders.py", "pickle"),
    ("tests/pipeline/formats/test_making.py", "pickle"),
}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "pickle"),
        ("import os, dill.source", "dill.source"),
        ("from joblib import load", "joblib"),
        ("eval('1')", "eval"),
        ("exec(text)", "exec"),
        ("import yaml\nyaml.load(text, Loader=yaml.SafeLoader)", "yaml.load"),
        ("import yaml as y\ny.unsafe_load(text)", "yaml.unsafe_load"),
        ("from yaml import full_load as read\nread(text)", "yaml.full_load"),
        ("import subprocess\nsubprocess.run(command, shell=True)", "shell="),
        ("run(command, shell=wanted)", "shell="),
        ("import os\nos.system('ls')", "os.system"),
        ("import asyncio\nasyncio.create_subprocess_shell('ls')", "asyncio.create_subprocess_shell"),
        ("import numpy as np\nnp.load(path, allow_pickle=True)", "allow_pickle="),
        ("app = faust.App('a', value_serializer='pickle')", "a serializer 'pickle'"),
        ("import importlib\nload = importlib.import_module", "importlib.import_module"),
    ],
)
def test_what_is_dangerous_is_found(source: str, what: str) -> None:
    assert [danger.what for danger in dangers(source, "x.py")] == [what]


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('a')",
        "import yaml\nyaml.safe_load(text)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "subprocess.run(['ls'], shell=False)",
        "model.eval()",
        "WORDS = ('piano', 'pickle')",
    ],
)
def test_what_is_harmless_is_not(source: str) -> None:
    assert dangers(source, "x.py") == []


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(tell: Tell) -> None:
    files = list(python_files("agents", "deploy", "pipeline", "schemas", "tests"))
    found = [danger for path in files for danger in dangers(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())]
    assert [danger for danger in found if (danger.path, danger.what) not in ALLOWED] == []
    unused = ALLOWED - {(danger.path, danger.what) for danger in found}
    assert unused == set(), "exceptions that nothing needs"
    excepted = Counter(what for _, what in sorted(ALLOWED))
    said = ", ".join(f"{what} {count}" for what, count in excepted.items())
    tell("supply chain", f"code from data: none in {len(files)} files; exceptions by name: {said}")
