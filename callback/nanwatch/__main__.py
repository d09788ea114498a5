"""`python -m nanwatch`: the `nanwatch` command where no script is installed."""

from nanwatch.cli import main

if __name__ == "__main__":
    main(prog_name="nanwatch")
