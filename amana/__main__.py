"""`python -m amana` is the command line."""

import sys

from amana.node.cli import main

sys.exit(main())
