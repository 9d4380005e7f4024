from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.bench.measuring import Child, cpu_seconds, machine, on_core, peak_rss_mib, two_cores

BUSY = "while True: pass"


def child(code: str, folder: Path) -> Child:
    return Child([sys.executable, "-c", code], dict(os.environ), folder / "child.log", None)


def until_used(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + 60
    while cpu_seconds(pid) < seconds:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_frozen_process_uses_nothing(tmp_path: Path) -> None:
    with child(BUSY, tmp_path) as busy:
        until_used(busy.pid, 0.2)
        busy.pause()
        time.sleep(0.1)
        before = cpu_seconds(busy.pid)
        time.sleep(0.3)
        assert cpu_seconds(busy.pid) == before
        busy.resume()
        until_used(busy.pid, before + 0.1)
        assert peak_rss_mib(busy.pid) > 1


def test_a_process_that_is_frozen_can_be_ended(tmp_path: Path) -> None:
    with child(BUSY, tmp_path) as busy:
        busy.pause()
    assert not busy.running


def test_one_that_ended_by_itself_says_its_last_words(tmp_path: Path) -> None:
    with child("print('cannot find the thing'); raise SystemExit(3)", tmp_path) as ended:
        deadline = time.monotonic() + 60
        while ended.running:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(SystemExit, match="cannot find the thing"):
            ended.check()


def test_a_process_that_is_gone_has_no_clock() -> None:
    with pytest.raises(ProcessLookupError):
        cpu_seconds(2**22 + 1)


@pytest.mark.skipif(two_cores()[0] is None, reason="this machine has one core, or cannot pin a process to one")
def test_what_is_started_on_a_core_stays_there_and_we_do_not(tmp_path: Path) -> None:
    before, (worker, _) = os.sched_getaffinity(0), two_cores()
    with on_core(worker), child(BUSY, tmp_path) as pinned:
        assert os.sched_getaffinity(pinned.pid) == {worker}
    assert os.sched_getaffinity(0) == before


def test_the_machine_is_described() -> None:
    described = machine("not pinned")
    assert described.cores >= 1
    assert described.memory_gib > 0.1
    assert described.kafka is not None
