"""`python -m nanwatch_monitor serve ...`: what the callback starts as the local monitor."""

from nanwatch_monitor.cli import main

if __name__ == "__main__":
    main()
