"""``python -m serving.rollout``."""

from serving.rollout.cli import main

if __name__ == "__main__":
    main()
