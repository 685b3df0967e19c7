"""`python -m hwsolve` is the command `hwsolve`."""

from hwsolve.cli import main

if __name__ == "__main__":
    main()
