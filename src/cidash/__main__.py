"""`python -m cidash` is the same as `cidash`."""

from cidash.cli.main import run

if __name__ == "__main__":
    run()
