"""Invented businesses whose truth is known: their tables, of any number of customers, and how well one can do on them.

A business is a module of ``tenure.generators.businesses`` with a ``Business`` as ``BUSINESS``; it is found by its
file's name. ``tenure.generators.generate`` writes its tables by blocks of customers: memory does not grow with their
number.
"""
