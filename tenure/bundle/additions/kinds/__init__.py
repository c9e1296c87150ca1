"""The kinds of additions, a module each with a subclass of ``Addition`` as ``ADDITION``, found by its file."""
