"""One module a business, with a ``Business`` as ``BUSINESS``."""
