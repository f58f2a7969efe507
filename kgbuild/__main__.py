"""`kgbuild`, or `python -m kgbuild`: commands are loaded inside, so that Ctrl-C is answered from the first moment."""

import sys


def main() -> None:
    try:
        from kgbuild.cli import main as run

        run()
    except (KeyboardInterrupt, ImportError) as error:
        # Ctrl-C while an extension module is loaded comes out as a failed import.
        if isinstance(error, ImportError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.stderr.write("Stopped.\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
