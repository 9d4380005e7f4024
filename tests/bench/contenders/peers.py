"""The environments of the peers: one each under ``.cache/bench``, from pinned requirements with hashes.

They are never among our dependencies: what they pin would bind us.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

__all__ = ["PEERS", "interpreter", "version"]

PEERS = ("quixstreams", "bytewax")
_HERE = Path(__file__).parent
_CACHE = _HERE.parents[2] / ".cache" / "bench"


def interpreter(peer: str) -> str:
    """Return the Python that has a peer; its environment is made when it is missing or its requirements changed.

    Raises
    ------
    SystemExit
        It cannot be installed here; the message ends with why.
    """
    folder, requirements = _CACHE / peer, _HERE / f"requirements-{peer}.txt"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {peer} (once)", file=sys.stderr, flush=True)
        _run(peer, [sys.executable, "-m", "venv", "--clear", str(folder)])
        _run(peer, [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(requirements)])
        stamp.write_text(wanted)
    return str(python)


def version(peer: str) -> str:
    """Return a peer with its version, as it is pinned."""
    lines = (_HERE / f"requirements-{peer}.txt").read_text().splitlines()
    pinned = next(line for line in lines if line.startswith((f"{peer}==", f"{peer}[")))
    return pinned.split(";")[0].rstrip(" \\").replace("[kafka]", "").replace("==", " ")


def _run(peer: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{peer} cannot be installed:\n{(done.stderr or done.stdout)[-1500:]}")
