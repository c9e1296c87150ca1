"""The formats of tables, a module or a folder each: its name is the format's, its ``FORMAT`` the implementation."""
