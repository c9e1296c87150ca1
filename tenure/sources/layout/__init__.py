"""How a table lies in a file or sheet: titles above the column names, descriptions under them, totals at the end."""
