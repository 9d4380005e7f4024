"""The sources that `vigie ingest` knows: one module and one entry point each.

To add one, in Vigie or in a package of your own:

1. A module with a class that has a ``name`` and ``async run(outlet)`` (`agents.ingest.contract.Source`): it puts posts
   as it reads them, marks how far it has come, and calls missing what it cannot get any more. It goes on from
   ``outlet.resumed``, never waits for Kafka, and raises `SourceRefused` for what will not get better by itself.
2. In the same module a click command with the options of its own, which ends with
   ``run_source(MySource(...), settings)`` (`agents.ingest.runner`).
3. An entry point, whose name is the name of the command: ``vigie ingest mine``.

   .. code-block:: toml

      [project.entry-points."vigie.sources"]
      mine = "acme_vigie.mine:command"

4. Payloads in a form of their own need a format, too: CONTRIBUTING.md, "Add a tweet format".
"""

from __future__ import annotations

from importlib.metadata import entry_points

import click

__all__ = ["GROUP", "load_command", "names"]

GROUP = "vigie.sources"
"""The entry-point group."""


def names() -> list[str]:
    """Return the names of the sources that are installed, in order."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load_command(name: str) -> click.Command | None:
    """Return the command of a source; none of that name gives nothing.

    Raises
    ------
    click.ClickException
        It is installed and cannot be used; with the reason.
    """
    found = entry_points(group=GROUP, name=name)
    if not found:
        return None
    point = next(iter(found))
    try:
        command = point.load()
    except (ImportError, AttributeError) as exc:
        raise click.ClickException(f"the source {name} ({point.value}) cannot be loaded: {exc}") from exc
    if not isinstance(command, click.Command):
        raise click.ClickException(f"the source {name} ({point.value}) is no click command")
    return command
