"""``python -m agents.cli.run``: the ``vigie`` command where no script is on the path."""

from agents.cli.main import main

if __name__ == "__main__":
    main(prog_name="vigie")
