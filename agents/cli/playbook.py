"""``vigie playbook``: what to do in a crisis, who, and by when."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, print_json, read_settings
from pipeline.explain import LANGUAGES
from pipeline.playbook import Action, Playbook, PlaybookError, default_text, in_language
from pipeline.playbook.words import CHECKS, PRACTICES, WORDS, minutes_in_words
from schemas.window import Level

__all__ = ["playbook"]

_LEVELS = {level.name.lower(): level for level in (Level.ALERT, Level.CRISIS, Level.SEVERE)}
_WIDTH = 100


@click.group()
def playbook() -> None:
    """Show what to do in a crisis, who, and by when; check a file of your own."""


@playbook.command()
@click.option("--file", "path", type=click.Path(path_type=Path), help="Instead of VIGIE_PLAYBOOK.")
@click.option("--level", type=click.Choice(sorted(_LEVELS)), help="Only what is asked for at this level.")
@click.option("--lang", type=click.Choice(sorted(WORDS)), default="en", show_default=True, help="Of the words.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(path: Path | None, level: str | None, lang: str, *, as_json: bool) -> None:
    """Show the playbook in force, by level: what to do, who, by when, and how it is seen.

    \b
    vigie playbook show --level crisis
    vigie playbook show --lang fr --file playbook.toml
    """  # noqa: D301 - click's mark for lines that stay as they are
    path = read_settings(playbook=path).playbook
    book = Playbook.default() if path is None else _read(path)
    if as_json:
        print_json(_as_json(book, level))
        return
    words = WORDS[lang]
    colon = LANGUAGES[lang].words["colon"]
    click.echo(f"{words['playbook']}{colon}{path or words['own']} ({book.fingerprint})")
    for name, at in _LEVELS.items():
        if level is None or at <= _LEVELS[level]:
            click.echo("\n" + "\n".join(_section(book, at, lang, named=level is None or name == level)))


@playbook.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(file: Path, *, as_json: bool) -> None:
    """Check a playbook; exits with 78, naming the action and the field, when something is wrong."""
    book = _read(file)
    asked = {name: len(book.actions_at(level)) for name, level in _LEVELS.items()}
    if as_json:
        print_json({"ok": True, "fingerprint": book.fingerprint, "actions": asked})
        return
    counts = ", ".join(f"{name} {count}" for name, count in asked.items())
    click.echo(f"playbook: ok, {file}, {len(book.actions)} actions; asked for: {counts}")
    for line in _untranslated(book):
        click.echo(line)


@playbook.command()
def default() -> None:
    """Print the file of Vigie's own playbook, to start from: vigie playbook default > playbook.toml."""
    click.echo(default_text(), nl=False)


def _read(path: Path) -> Playbook:
    try:
        return Playbook.load(path)
    except PlaybookError as exc:
        fail(str(exc), exits.CONFIG)


def _section(book: Playbook, level: Level, lang: str, *, named: bool) -> Iterator[str]:
    """Yield what a level asks for beyond the one below; its rhythm only where that is the one that holds."""
    words, rhythm = WORDS[lang], book.rhythms[level]
    yield words["at"].format(level=LANGUAGES[lang].level(level))
    if named:
        every, report = rhythm.update_every_minutes, rhythm.report_every_minutes
        update = words["update"].format(time=minutes_in_words(every, lang)) if every else words["no_update"]
        yield f"  {update}, {words['report'].format(time=minutes_in_words(report, lang))}"
    for action in book.actions:
        if action.level is level:
            yield from _action(action, lang)


def _action(action: Action, lang: str) -> Iterator[str]:
    words, within = WORDS[lang], action.within_minutes
    when = words["within"].format(time=minutes_in_words(within, lang)) if within else words["any_time"]
    yield f"  {action.id}{LANGUAGES[lang].words['colon']}{when}. {PRACTICES[lang][action.practice]}"
    for text in (in_language(action.what, lang), f"{in_language(action.who, lang)} ({CHECKS[lang][action.check]})"):
        yield textwrap.fill(text, _WIDTH, initial_indent="      ", subsequent_indent="      ")


def _untranslated(book: Playbook) -> Iterator[str]:
    """Say which actions lack a language that reports are written in."""
    for action in book.actions:
        missing = sorted(language for language in WORDS if language not in action.what or language not in action.who)
        if missing:
            yield f"action {action.id}: not in {', '.join(missing)}; its first language stands in"


def _as_json(book: Playbook, level: str | None) -> dict[str, object]:
    actions = book.actions if level is None else book.actions_at(_LEVELS[level])
    return {
        "fingerprint": book.fingerprint,
        "rhythms": {name: book.rhythms[at] for name, at in _LEVELS.items()},
        "actions": [
            {
                "id": action.id,
                "practice": action.practice,
                "level": action.level.name.lower(),
                "within_minutes": action.within_minutes,
                "check": action.check,
                "what": action.what,
                "who": action.who,
            }
            for action in actions
        ],
    }
