"""`python -m hub.commands`: the same as the installed `handrail`."""

import sys

from hub.commands import main

if __name__ == "__main__":
    sys.exit(main())
