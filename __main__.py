"""`python -m crosswatch_trakt` is the command line."""

from crosswatch_trakt.adapters.cli import main

if __name__ == "__main__":
    main()
