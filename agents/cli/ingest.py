"""``vigie ingest``: the way in, a command for each source that is installed."""

from __future__ import annotations

import click

from agents.ingest import sources

__all__ = ["ingest"]


class _Sources(click.Group):
    """Its commands are entry points, loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sources.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        return sources.load_command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sources; one that cannot be loaded says so, and the others are listed all the same."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
            except click.ClickException as exc:
                rows.append((name, f"({exc.message})"))
            else:
                rows.append((name, command.get_short_help_str(80) if command else ""))
        if rows:
            with formatter.section("Sources"):
                formatter.write_dl(rows)


@click.group(cls=_Sources)
def ingest() -> None:
    """Read posts from where they are made, and put them on tweets.raw without losing any.

    What a source gives is kept on disk (VIGIE_INGEST_DIR) until Kafka has it. What could not be had is recorded as a
    gap: the minutes that it touches count as incomplete, never as calm. Start one process for each source; a second one
    of the same source on the same folder is refused. Ctrl-C or SIGTERM ends it, and the next one goes on from there.
    Health and metrics: http://127.0.0.1:6070, at /health/live, /health/ready and /metrics.
    """
