"""The functions behind ``import tenure``: one module each, imported when the function is first used."""
