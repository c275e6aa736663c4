"""`python -m provendor` is the same as `provendor`."""

import sys

from provendor.cli import main

sys.exit(main())
