"""Is imported by the process from which readers are forked, and by nobody else: what it loads they share, and have at
once.
"""

import gc
import os
from contextlib import suppress
from pathlib import Path

from dispatcher.readers.process import BoundaryFiles

named = os.environ.get("WARN_BOUNDARIES")
with suppress(ValueError, OSError):  # whoever starts the readers says what is wrong with the setting
    BoundaryFiles(Path(named) if named else None).load()
gc.freeze()
