"""``python -m serving``"""

import gc
import os
import sys

from tenure.startup import LIGHT_ENVIRONMENT, forbid_pandas

gc.disable()  # until the server has started: hardly anything that is imported becomes garbage
os.environ.update({name: value for name, value in LIGHT_ENVIRONMENT.items() if name not in os.environ})
forbid_pandas()

from serving.lifecycle.app import main  # noqa: E402 (after the preparations)

if __name__ == "__main__":
    sys.exit(main())
