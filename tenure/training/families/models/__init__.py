"""One module a family, named as a contract names it: adding a family is adding its module."""
