"""``python -m tenure.contract.functions``: the table of functions in Markdown, as docs/expressions.md has it."""

from tenure.contract.functions import FUNCTIONS


def markdown() -> str:
    """One row a function, by name."""
    rows = ["| function | returns | nulls | example |", "|---|---|---|---|"]
    rows += [
        f"| `{function.name}{function.signature}` | {function.summary} | {function.nulls} | `{function.example}` |"
        for function in sorted(FUNCTIONS.values(), key=lambda function: function.name)
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
