import pytest

from pipelines.cluster.cron import check_cron
from tenure.errors import InputError


@pytest.mark.parametrize(
    "expression",
    ["0 0 3 * * *", "0 */15 * * * ?", "30 5,35 0-6/2 1 JAN-mar MON", "59 59 23 31 12 6", "0 0 3 ? * MON-FRI"],
)
def test_what_the_scheduler_takes(expression):
    assert check_cron(expression) == expression


def test_spaces_are_made_single():
    assert check_cron("  0  0 3 * *\t* ") == "0 0 3 * * *"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 3 * * *", r"5 fields.*'0 0 3 \* \* \*' is the same time"),
        ("", "has 0 fields, not 6"),
        ("@daily", "has 1 fields, not 6"),
        ("0 0 3 * * * 2026", "has 7 fields"),
        ("60 0 3 * * *", "the second is 60, not 0 to 59"),
        ("0 0 24 * * *", "the hour is 24"),
        ("0 0 3 0 * *", "the day of month is 0, not 1 to 31"),
        ("0 0 3 * 13 *", "the month is 13"),
        ("0 0 3 * * 7", "the day of week is 7, not 0 to 6"),
        ("0 0 3 * * MONDAY", "'MONDAY' is not a valid day of week"),
        ("0 0 3 * MON *", "'MON' is not a valid month"),
        ("0 0 5-3 * * *", "ends before it begins"),
        ("0 */0 3 * * *", "'0' in '\\*/0' is not a valid step of minutes"),
        ("0 */x 3 * * *", "is not a valid step"),
        ("0 0 *-3 * * *", "'\\*-3' is not a valid hour"),
        ("0 0 3,,4 * * *", "'' is not a valid hour"),
        ("0 0 3.5 * * *", "'3.5' is not a valid hour"),
    ],
)
def test_what_it_does_not(expression, message):
    with pytest.raises(InputError, match=message):
        check_cron(expression)
