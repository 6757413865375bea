"""``python -m fusionsolar_exporter`` is the command ``fusionsolar-exporter``."""

import sys

from fusionsolar_exporter.start import main

sys.exit(main())
