"""``vigie train``: models of Vigie's kind, from labelled tweets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, out, progress_bar
from pipeline.archive import ArchiveError
from pipeline.archive.source import Source, lines
from pipeline.text.sentiment.corpus import BadTrainingData, NoTrainingData
from pipeline.text.sentiment.encoder import NoTeacher
from schemas.codec import JSONDecodeError, decode

__all__ = ["train"]

_DATA = click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder with labelled tweets: *_train.jsonl[.gz] in it or in its folder sentiment.",
)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def train() -> None:
    """Train the sentiment model, or write what a teacher says for it."""


@train.command()
@_DATA
@click.option("--soft", type=_FILE, help="Soft labels, as vigie train teacher writes.")
@click.option("--out", "out_file", type=_FILE, default="sentiment.npz", show_default=True, help="The model's file.")
def sentiment(data_dir: Path, soft: Path | None, out_file: Path) -> None:
    """Train the sentiment model: two minutes of one core, the same bytes for the same data.

    \b
    A line of *_train.jsonl:  {"text": "so late again", "label": 0}
    label  0 negative, 1 neutral, 2 positive
    The language is that of the file's name (xlmt_french_train.jsonl),
    English where it names none.

    \b
    Then try it, and use it:
    vigie eval sentiment FILE --model OUT
    VIGIE_SENTIMENT_MODEL=OUT vigie worker
    """  # noqa: D301 - click's mark for lines that stay as they are
    from pipeline.text.sentiment.training import train as fit  # noqa: PLC0415 - scipy takes a second

    with _explained(), _stages() as stage:
        trained = fit(data_dir, soft, stage)
        out_file.write_bytes(trained)
    out.print(f"{out_file}: {len(trained):,} bytes")


@train.command()
@_DATA
@click.option(
    "--tweets",
    type=click.Path(path_type=Path),
    multiple=True,
    help='More tweets for it to label: JSONL or CSV, a "text" in each. May be given several times.',
)
@click.option("--words", type=click.Path(path_type=Path), help="More words for it to label, one a line.")
@click.option("--out", "out_file", type=_FILE, default="soft.jsonl.gz", show_default=True, help="Where to write.")
def teacher(data_dir: Path, tweets: tuple[Path, ...], words: Path | None, out_file: Path) -> None:
    """Write the soft labels of a large model, for vigie train sentiment --soft.

    Needs the extra vigie[teacher] and some hours of one core. It labels the training tweets (each
    by a model that has not seen it), made-up variants of them, the words in them, and what else it
    is given. The file holds texts of tweets: mind whom you give it to.
    """
    from pipeline.text.sentiment.teacher import write_soft_labels  # noqa: PLC0415 - scipy takes a second

    with _explained(), _stages() as stage:
        written = write_soft_labels(
            data_dir,
            out_file,
            stage,
            tweets=[text for path in tweets for text in _texts(path)],
            words=words.read_text(encoding="utf-8").split() if words else (),
        )
    out.print(f"{out_file}: {written:,} soft labels")


@contextmanager
def _explained() -> Iterator[None]:
    """Exit with what is wrong with the data or the machine, in plain words."""
    try:
        yield
    except BadTrainingData as exc:
        fail(str(exc), exits.BAD_INPUT)
    except NoTeacher as exc:
        fail(str(exc), exits.CONFIG)
    except (NoTrainingData, ArchiveError) as exc:
        fail(str(exc), exits.NO_INPUT)
    except OSError as exc:
        fail(f"{exc.filename}: {exc.strerror}", exits.NO_INPUT)


@contextmanager
def _stages() -> Iterator[Callable[[str, float], None]]:
    """Show the stage that is being worked on and how far it is, on a terminal."""
    with progress_bar() as bar:
        task = bar.add_task("reading", total=1.0, note="")
        yield lambda stage, share: bar.update(task, description=stage, completed=share)


def _texts(path: Path) -> Iterator[str]:
    """Yield the texts of a JSONL or CSV file."""
    if path.name.removesuffix(".gz").endswith(".csv"):
        with path.open(encoding="utf-8", newline="") as rows:
            yield from (row["text"] for row in csv.DictReader(rows) if row.get("text"))
        return
    with Source(path, None).open() as stream:
        for number, line in enumerate(lines(stream), 1):
            try:
                text = decode(line)["text"]
            except (JSONDecodeError, KeyError, TypeError) as exc:
                raise BadTrainingData(f'{path}: line {number}: expected {{"text": "…"}}') from exc
            yield str(text)
