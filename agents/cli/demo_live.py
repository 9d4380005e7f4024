"""``vigie demo-live``: see it work on posts as they come."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from agents import exits
from agents.cli.console import fail, read_settings, read_watchlist
from agents.cli.live_screen import LiveScreen
from agents.demo import DemoError
from agents.demo.live import IngesterEnded, LiveDemo, run_live
from agents.embedded import EmbeddedBrokerError
from agents.ingest.contract import SourceRefused
from agents.ingest.sources.x.token import TokenFile
from agents.settings import Settings, SettingsError
from pipeline.ingest.xaccess import ACCESS
from pipeline.simulate import brief_talk, demo_watchlist

__all__ = ["demo_live"]

EXAMPLE = Path(__file__).parents[1] / "demo" / "live.toml"
"""Well-known brands, for sources of real posts."""


@click.command("demo-live")
@click.option("--source", type=click.Choice(["file", "jetstream", "x"]), help="Where posts come from.")
@click.option("--path", type=click.Path(path_type=Path), help="With --source file: a file of your own.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Brands of your own. [default: some that are known]")
@click.option("--token-file", type=click.Path(path_type=Path), help="With --source x: instead of VIGIE_X_TOKEN_FILE.")
@click.option("--seconds", type=click.FloatRange(min=1), help="End after so long. [default: Ctrl-C, or a file's end]")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path),
    default=Path("build/demo-live"),
    show_default=True,
    help="Where logs go, and what is simulated.",
)
def demo_live(
    *,
    source: str | None,
    path: Path | None,
    watchlist: Path | None,
    token_file: Path | None,
    seconds: float | None,
    out_dir: Path,
) -> None:
    """Run all of it on posts as they come: embedded Kafka, one worker, one ingester, the table of all brands.

    Without --source it says what each source needs. --source file needs nothing: about two minutes of
    simulated talk, with a crisis in it. The others go on until Ctrl-C, and then print the sums.
    """
    if path is not None and source != "file":
        raise click.UsageError("--path goes with --source file")
    if token_file is not None and source != "x":
        raise click.UsageError("--token-file goes with --source x")
    settings = read_settings(x_token_file=token_file)
    if source is None:
        click.echo(_explanation(settings))
        return
    if source == "x" and (wrong := _missing_for_x(settings)):
        fail(f"{wrong}\n\n{_X.format(**_facts(settings))}", exits.CONFIG)
    out_dir.mkdir(parents=True, exist_ok=True)
    demo = _demo(source, path, watchlist, seconds, out_dir)
    if token_file is not None:
        demo = replace(demo, arguments=["--token-file", str(token_file)])
    names = {key: brand.name for key, brand in read_watchlist(read_settings(watchlist=demo.watchlist)).brands.items()}
    console = Console(highlight=False)
    try:
        with LiveScreen(console, names, now=source != "file") as screen:
            sums = run_live(demo, screen)
    except EmbeddedBrokerError as exc:
        fail(str(exc), exits.UNAVAILABLE)
    except IngesterEnded as exc:
        fail(str(exc), exc.exit_code)
    except (DemoError, SettingsError) as exc:
        fail(str(exc), exits.FAILED)
    screen.show_last()
    click.echo(f"\n{sums}" if sums else f"\nThe ingester has not told its sums; see {out_dir / 'ingest.log'}")


def _demo(source: str, path: Path | None, watchlist: Path | None, seconds: float | None, out_dir: Path) -> LiveDemo:
    if source != "file":
        return LiveDemo(source=source, arguments=[], watchlist=watchlist or EXAMPLE, out_dir=out_dir, seconds=seconds)
    if path is not None:
        if not path.is_file():
            fail(f"{path}: no such file; check the path", exits.NO_INPUT)
        if watchlist is None:
            raise click.UsageError("a file of your own needs the brands to look for in it: --watchlist FILE")
        return LiveDemo(source="file", arguments=[str(path)], watchlist=watchlist, out_dir=out_dir, seconds=seconds)
    known = out_dir / "watchlist.toml"
    known.write_text(demo_watchlist(), encoding="utf-8")
    growing = out_dir / "tweets.jsonl"
    growing.unlink(missing_ok=True)
    return LiveDemo(
        source="file",
        arguments=["--follow", str(growing)],
        watchlist=watchlist or known,
        out_dir=out_dir,
        seconds=seconds,
        talk=brief_talk(int(time.time() * 1000)),
        file=growing,
    )


def _missing_for_x(settings: Settings) -> str:
    """Say what keeps us from X; empty when nothing does that can be known here."""
    if wrong := _no_token(settings):
        return wrong
    if not ACCESS[settings.x_access].connections:
        return f"x_access (VIGIE_X_ACCESS) is {settings.x_access}, which has no filtered stream"
    return ""


def _no_token(settings: Settings) -> str:
    """Say why there is no token; empty when there is one."""
    if settings.x_token_file is None:
        return "x_token_file (VIGIE_X_TOKEN_FILE) is not set"
    try:
        TokenFile.of(settings)
    except SourceRefused as exc:
        return str(exc)
    return ""


def _facts(settings: Settings) -> dict[str, object]:
    return {
        "token": _no_token(settings) or f"{settings.x_token_file} (VIGIE_X_TOKEN_FILE), as it should be",
        "access": settings.x_access,
        "url": settings.jetstream_url,
        "with_stream": " or ".join(name for name, each in ACCESS.items() if each.connections),
        "without": ", ".join(name for name, each in ACCESS.items() if not each.connections),
        "example": EXAMPLE,
    }


_FILE = """\
--source file        Needs nothing: no network, no token. Simulated talk about four invented brands goes into a file
                     that grows, and is read as it is written; a crisis comes, and passes. About two minutes.
                     A file of your own: --source file --path tweets.jsonl --watchlist watchlist.toml"""
_JETSTREAM = """\
--source jetstream   Bluesky, as it is written. Needs a network from which this can be reached:
                     {url}
                     No account and no token. Ctrl-C ends it."""
_X = """\
--source x           X, as it is written. Needs three things from you, and a network that reaches X:
                     1. An app in X's developer console (https://console.x.com), with access to the filtered stream:
                        {with_stream} ({without} has none). Say which one you have: VIGIE_X_ACCESS=pro
                     2. Its Bearer token, alone in a file that nobody else can read: VIGIE_X_TOKEN_FILE=FILE,
                        or --token-file FILE
                     3. A look at what it would ask for, before anything is asked for and counted by X:
                        vigie ingest x --plan --watchlist {example}
                     X counts each post that it delivers. Ctrl-C ends it; the rules stay at X until changed there.
                     Now: VIGIE_X_ACCESS is {access}. Token: {token}"""


def _explanation(settings: Settings) -> str:
    intro = (
        "Vigie on posts as they come: an embedded Kafka, one worker and one ingester on this machine. Say where the\n"
        'posts come from: vigie demo-live --source NAME, or make demo-live ARGS="--source NAME".'
    )
    outro = (
        "Jetstream and X are watched for some well-known brands; for your own give --watchlist FILE. What is usual\n"
        "for a brand is learnt over some hours; until then there are no alarms."
    )
    parts = (intro, _FILE, _JETSTREAM, _X, outro)
    return "\n\n".join((parts[0], *(part.format(**_facts(settings)) for part in parts[1:4]), parts[4]))
