"""``python -m serving``"""

import sys

from serving.lifecycle.app import main

if __name__ == "__main__":
    sys.exit(main())
