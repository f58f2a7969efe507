"""`python -m kgbuild` is `kgbuild`."""

from kgbuild.cli import main

main()
