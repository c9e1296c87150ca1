"""What a careful person would guess of the key, the label, panels, dates, numbers and texts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from tenure.api.arrow import to_arrow
from tenure.contract import Contract, parse
from tenure.contract.columns import NumberFormat
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting import names
from tenure.drafting.infer import infer
from tenure.drafting.survey import survey
from tenure.drafting.writing import write_draft
from tenure.errors import DataError
from tenure.sources import Batch, open_source

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ROWS = 300


def draft(table: dict[str, Sequence[Any]], label: str | None = None) -> tuple[Contract, str]:
    """The contract of a table in memory, and its text."""
    text = write_draft(infer(open_source(to_arrow(table)), SourceSettings(), "t", NOW, label))
    return parse(text), text


def with_label(**columns: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """A table of ``ROWS`` customers with a label."""
    rand = random.Random(1)
    return {**columns, "visits": [rand.randrange(9) for _ in range(ROWS)], "churn": ["yes", "no", "no"] * (ROWS // 3)}


def codes(prefix: str, repeats: int = 1) -> list[str]:
    return [f"{prefix}{100_000 + row // repeats}" for row in range(ROWS)]


AMOUNTS = [f"{row * 17.37 % 5_000:.2f}" for row in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *(("customer_id", "person"), ("CustomerId", "person"), ("Kundennummer", "person"), ("id_cliente", "person")),
        *(("numéro client", "person"), ("CLIENTNUM", "person"), ("userid", "person"), ("Employee Number", "person")),
        *(("id", "identifier"), ("uuid", "identifier"), ("key", "identifier"), ("Nr", "identifier")),
        *(("account_no", "account"), ("msisdn", "account"), ("phone number", "contact"), ("E-Mail", "contact")),
        *(("sessionId", "event"), ("invoice_no", "event"), ("order id", "event"), ("product_id", "thing")),
        *(("NumOfProducts", None), ("number_vmail_messages", None), ("num_calls", None), ("zip code", None)),
        *(("codice cliente", "person"), ("CodCliente", "person"), ("week", None)),
        *(("postcode", None), ("area code", None), ("year", None), ("Age", None), ("account_length", None)),
        *(("number_customer_service_calls", None), ("Customer Status", None), ("member_since", None)),
    ],
)
def test_names_of_identifiers(name: str, found: str | None) -> None:
    assert names.identified(name) == found


class TestKey:
    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("Age", range(ROWS)),
            ("funded_amnt", AMOUNTS),
            ("balance", [row * 7919 % 100_003 for row in range(ROWS)]),
            ("joined", [f"{2020 + row // 100}-01-{1 + row % 28:02d}" for row in range(ROWS)]),
            ("Unnamed: 0", range(ROWS)),
            ("rank", range(1, ROWS + 1)),
            ("plan", ["a", "b", "c"] * (ROWS // 3)),
        ],
    )
    def test_no_identifier_no_key(self, name: str, values: Sequence[Any]) -> None:
        contract, text = draft(with_label(**{name: values}))
        assert contract.key == "row_number"
        assert "cannot be joined with outcomes" in text

    @pytest.mark.parametrize(
        ("name", "values", "kind"),
        [
            ("Kundennummer", codes("K"), "string"),
            ("msisdn", [491_700_000_000 + row for row in range(ROWS)], "integer"),
            ("code1", [f"{row:08x}-0000-4000-8000-{row:012x}" for row in range(ROWS)], "string"),
            ("reference", [f"{7590 + row}-VHVEG" for row in range(ROWS)], "string"),
            ("customer_id", [str(10**19 + row) for row in range(ROWS)], "string"),
            ("customer_id", [f"{row:06d}" for row in range(ROWS)], "string"),
            ("contact", [f"user{row}@example.com" for row in range(ROWS)], "string"),
        ],
    )
    def test_identifiers_by_name_and_form(self, name: str, values: Sequence[Any], kind: str) -> None:
        contract, _ = draft(with_label(**{name: values}))
        assert (contract.key_column, contract.columns[name].type) == (name, kind)

    def test_the_customer_before_others_which_are_no_features(self) -> None:
        phones = [f"0170-{1_000_000 + row * 7}" for row in range(ROWS)]
        table = with_label(
            sessionId=[row // 2 for row in range(ROWS)], invoice_no=range(505_550, 505_550 + 7 * ROWS, 7), phone=phones
        )
        contract, _ = draft({**table, "customer_id": codes("C"), "account": codes("A")})
        assert contract.key_column == "customer_id"
        assert set(contract.columns_of("ignored")) == {"sessionId", "invoice_no", "phone", "account"}

    def test_few_repeats_are_said(self) -> None:
        contract, text = draft(with_label(customer_id=[*codes("C")[:-3], *codes("C")[:3]]))
        assert contract.key_column == "customer_id" and contract.split.by is None
        assert "3 repeated" in text

    def test_the_customer_of_an_event_log(self) -> None:
        rand = random.Random(2)
        contract, _ = draft(
            {
                "sessionId": [row // 3 for row in range(900)],
                "eventId": range(900),
                "userId": [f"u{rand.randrange(40)}" for _ in range(900)],
                "timestamp": [f"2025-{1 + row % 12:02d}-10 10:00:00" for row in range(900)],
                "is_mobile": [rand.choice("01") for _ in range(900)],
            }
        )
        log = contract.tables["events"]
        assert (log.kind, log.key_column, log.time) == ("events", "userId", "timestamp")

    def test_the_customer_of_payments_with_two_methods(self) -> None:
        contract, _ = draft(
            {
                "payment_id": range(900),
                "date": [f"2025-{1 + row % 12:02d}-10" for row in range(900)],
                "customer": [f"u{row * 7 % 40}" for row in range(900)],
                "method": ["card", "cash", "card"] * 300,
            }
        )
        assert contract.tables["events"].key_column == "customer"

    def test_a_number_with_thousands_is_a_text(self) -> None:
        contract, _ = draft(with_label(customer_id=[f"{100_234 + row:,}" for row in range(ROWS)]))
        assert (contract.key_column, contract.columns["customer_id"].type) == ("customer_id", "string")


class TestPanel:
    def test_months(self) -> None:
        contract, text = draft(
            with_label(client=codes("C", 3), snapshot=[f"2026-0{1 + row % 3}-28" for row in range(ROWS)])
        )
        assert (contract.key_column, contract.time, contract.split.by) == ("client", "snapshot", "customer")
        assert "3 rows a customer, one a 'snapshot'" in text

    def test_contracts_without_a_time(self) -> None:
        contract, text = draft(with_label(contract_no=codes("V"), customer_id=codes("C", 2)))
        assert (contract.key_column, contract.time, contract.split.by) == ("customer_id", None, "customer")
        assert contract.columns["contract_no"].role == "ignored"
        assert "several contracts?" in text

    @pytest.mark.parametrize(
        ("name", "values"), [("quarter", ["2026Q1", "2026Q2", "2026Q3"]), ("week", ["2026-W01", "2026-W02", "W3"])]
    )
    def test_a_period_that_is_no_date_is_left_out(self, name: str, values: list[str]) -> None:
        contract, text = draft(with_label(customer_id=codes("C", 3), **{name: values * (ROWS // 3)}))
        assert (contract.key_column, contract.time, contract.split.by) == ("customer_id", None, "customer")
        assert contract.columns[name].role == "ignored"
        assert f"one a '{name}', which is no date" in text

    def test_a_year_and_a_month(self) -> None:
        contract, text = draft(
            with_label(customer_id=codes("C", 3), year=[2025, 2025, 2026] * 100, month=[11, 12, 1] * 100)
        )
        assert [contract.columns[name].role for name in ("year", "month")] == ["ignored", "feature"]
        assert "one a 'year' and 'month'" in text and "of the calendar, or since the customer came?" in text

    @pytest.mark.parametrize(
        ("name", "values"),
        [("week_start", ["2026-01-05", "2026-01-12", "2026-01-19"]), ("yyyymm", [202601, 202602, 202603])],
    )
    def test_the_start_of_a_period_is_the_time(self, name: str, values: list[Any]) -> None:
        contract, _ = draft(with_label(customer_id=codes("C", 3), **{name: values * (ROWS // 3)}))
        assert (contract.time, contract.derived) == (name, {})

    def test_a_seller_is_not_the_customer(self) -> None:
        contract, _ = draft(with_label(id=range(ROWS), seller_id=codes("S", 12)))
        assert (contract.key_column, contract.split.by) == ("id", None)

    def test_several_rows_at_one_time_have_no_time(self) -> None:
        contract, _ = draft(with_label(customer_id=codes("C", 4), month=["2026-01-31", "2026-02-28"] * (ROWS // 2)))
        assert (contract.time, contract.split.by) == (None, "customer")


def labelled(**columns: Sequence[str]) -> dict[str, Sequence[Any]]:
    rand = random.Random(3)
    found: dict[str, Sequence[Any]] = {"id": range(ROWS), "visits": [rand.randrange(9) for _ in range(ROWS)]}
    for name, levels in columns.items():
        found[name] = [levels[0] if rand.random() < 0.3 else rand.choice(levels[1:]) for _ in range(ROWS)]
    return found


class TestLabel:
    @pytest.mark.parametrize(
        ("name", "levels", "positive"),
        [
            *(("Churn?", ["True.", "False."], "True."), ("Exited", ["1.0", "0.0"], "1.0")),
            *(("Attrition_Flag", ["Attrited Customer", "Existing Customer"], "Attrited Customer"),),
            *(("Kündigung", ["ja", "nein"], "ja"), ("baja", ["Sí", "No"], "Sí"), ("résilié", ["oui", "non"], "oui")),
            *(("retained", ["no", "yes"], "no"), ("retention_30d", ["False", "True"], "False")),
            *(("is_active", ["0", "1"], "0"), ("Loyal", ["N", "Y"], "N")),
            *(("status", ["Churned", "Stayed"], "Churned"), ("state", ["did not churn", "churned"], "churned")),
            *(("target", ["1", "0"], "1"), ("some column", ["1", "0"], "1"), ("target", ["1", "-1"], "1")),
            *(("not_churned", ["0", "1"], "0"), ("churn", ["2", "1"], "2"), ("subscribed", ["no", "yes"], "no")),
            *(("Contract Ended", ["yes", "no"], "yes"), ("abbandono", ["Sì", "No"], "Sì")),
            *(("Cancelou", ["Sim", "Não"], "Sim"), ("opgezegd", ["ja", "nee"], "ja")),
            ("situação", ["Saiu", "Ativo"], "Saiu"),
        ],
    )
    def test_its_column_and_value(self, name: str, levels: list[str], positive: str) -> None:
        contract, _ = draft(labelled(**{name: levels}))
        assert (contract.label_column, contract.label.positives) == (name, (positive,))

    def test_the_opposite_is_said(self) -> None:
        _, text = draft(labelled(retention_7=["False", "True"]))
        assert "INVERTED: 'retention_7' means the opposite of leaving" in text

    def test_three_values(self) -> None:
        contract, text = draft(labelled(**{"Customer Status": ["Churned", "Stayed", "Stayed", "Joined"]}))
        assert contract.label.positive == ("Churned",) and contract.label.ignore == ("Joined",)
        assert "set aside" in text

    def test_a_flag_that_is_not_known_of_all(self) -> None:
        contract, text = draft(labelled(churn=["Yes", "No", "No", "unknown"]))
        assert (contract.label.positives, contract.label.ignore) == (("Yes",), ("unknown",))
        assert "neither left nor stayed" in text

    def test_a_third_value_of_churn_counts_as_stayed(self) -> None:
        contract, text = draft(labelled(churn=["1", "0", "0", "2"]))
        assert contract.label.positives == ("1",)
        assert "CHECK: '2' counts as stayed" in text

    def test_rows_that_repeat_the_header_are_set_aside(self) -> None:
        table = labelled(churn=["Yes", "No"])
        contract, _ = draft({**table, "churn": ["churn", *table["churn"][1:]]})
        assert (contract.label.positives, contract.label.ignore) == (("Yes",), ("churn",))

    @pytest.mark.parametrize("name", ["churn_date", "cancellation reason", "Lost"])
    def test_what_is_known_of_leavers_only_is_no_label(self, name: str) -> None:
        with pytest.raises(DataError, match=f"'{name}' has a value in 100 of 300 rows: if those left"):
            draft({"id": range(ROWS), "visits": AMOUNTS, name: ["2026-01-05", None, None] * (ROWS // 3)})

    def test_one_class_is_named_with_its_value(self) -> None:
        with pytest.raises(DataError, match="'churn' is named like one, and holds 'No' 300; a number is predicted"):
            draft(labelled(churn=["No", "No"]))

    def test_one_boolean_in_four_spellings(self) -> None:
        contract, _ = draft(labelled(churn=["Yes", "no", "No", "yes"]))
        assert contract.columns["churn"].type == "boolean"

    def test_the_best_of_several(self) -> None:
        flags = {"IsActiveMember": ["1", "0"], "target": ["1", "0"], "Churn Label": ["Yes", "No"]}
        contract, _ = draft(labelled(**flags, **{"Churn Value": ["1", "0"], "Customer Status": ["Churned", "Stayed"]}))
        assert contract.label_column == "Churn Label"
        assert {"Churn Value", "Customer Status"} <= set(contract.columns_of("ignored"))
        assert contract.columns["IsActiveMember"].role == "feature"

    def test_a_target_before_an_activity(self) -> None:
        contract, _ = draft(labelled(is_active=["1", "0"], y=["1", "0"], status=["a", "b"]))
        assert (contract.label_column, contract.columns["is_active"].role) == ("y", "feature")

    def test_a_general_name_beside_a_target_is_a_feature_and_a_second_target_is_not(self) -> None:
        contract, text = draft(labelled(default=["yes", "no"], response=["1", "0"], target=["1", "0"], y=["yes", "no"]))
        assert contract.label_column == "target"
        assert contract.columns_of("ignored") == ["y"]
        assert "taken before 'y', 'default', 'response'" in text

    def test_missing_ones_are_counted(self) -> None:
        table = labelled(churn=["yes", "no"])
        table["churn"] = [None if row % 10 == 0 else value for row, value in enumerate(table["churn"])]
        _, text = draft(table)
        assert "missing in 30 rows (10 %): they are set aside" in text

    def test_a_table_to_be_scored_has_none(self) -> None:
        table = {**labelled(HasCard=["1", "0"], IsActiveMember=["1", "0"]), "salary": AMOUNTS}
        with pytest.raises(DataError, match="if one of 'HasCard', 'IsActiveMember' is it, name it by --label"):
            draft(table)

    def test_an_error_lists_the_values(self) -> None:
        with pytest.raises(DataError, match=r"but 'b' 1\d\d, 'a' \d+, 'c' \d+"):
            draft(labelled(kind=["a", "b", "b", "c"]), label="kind")


class TestDates:
    def test_a_signup_counts_the_tenure_and_an_end_is_left_out(self) -> None:
        days = [f"{1 + row % 28:02d}.{1 + row % 12:02d}.{2020 + row % 6}" for row in range(ROWS)]
        others = {"Member since": days, "end_date": days, "dob": days, "last_login": days}
        contract, text = draft({**with_label(id=range(ROWS)), **others})
        assert contract.derived["days_since_member_since"].expression == 'days_between(col("Member since"), today())'
        assert str(contract.as_of) == "2025-12-28"
        assert contract.columns["Member since"].format == "%d.%m.%Y"
        assert set(contract.columns_of("ignored")) == {"end_date", "dob", "last_login"}
        assert "known only after the customer left?" in text

    def test_features_of_other_dates_are_proposed_as_comments(self) -> None:
        days = [f"20{10 + row % 9}-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(ROWS)]
        dates = ("joined", "dob", "last login", "renewal_date", "policy", "end_date")
        contract, text = draft({**with_label(id=range(ROWS)), **dict.fromkeys(dates, days)})
        assert list(contract.derived) == ["days_since_joined"]
        above, _, below = text.partition("\nderived:\n")
        used = "\n".join(line.replace("#   ", "  ", 1) for line in below.split("\n"))
        contract = parse(f"{above}\nderived:\n{used}".replace("    role: ignored\n", "", 4))
        assert {name: derived.expression for name, derived in contract.derived.items()} == {
            "days_since_joined": "days_between(joined, today())",
            "years_since_dob": "days_between(dob, today()) / 365.25",
            "days_since_last_login": 'days_between(col("last login"), today())',
            "days_until_renewal": "days_between(today(), renewal_date)",
            "days_since_policy": "days_between(policy, today())",
        }

    def test_a_proposal_says_that_a_day_is_missing(self) -> None:
        _, text = draft({**with_label(id=range(ROWS)), "dob": [f"19{50 + row % 50}-01-01" for row in range(ROWS)]})
        assert "\n# derived:\n# Features of dates that are ignored." in text
        assert "add the day that the table describes (as_of: 2026-11-30)" in text

    @pytest.mark.parametrize("name", ["reservation_status_date", "Status Date", "outcome_date", "date_of_result"])
    def test_the_day_of_the_outcome_is_no_time_of_the_row(self, name: str) -> None:
        days = [f"2025-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(ROWS)]
        contract, text = draft({**with_label(id=range(ROWS)), name: days})
        assert (contract.time, contract.columns[name].role) == (None, "ignored")
        assert "known only after the customer left?" in text

    def test_epoch_seconds_by_name_only(self) -> None:
        seconds = [1_600_000_000 + row * 86_399 for row in range(ROWS)]
        contract, _ = draft(with_label(id=range(ROWS), created_at=seconds, bytes_used=seconds))
        assert contract.columns["created_at"].format == "epoch_s"
        assert contract.columns["bytes_used"].type == "integer"


class TestNumbersAndTexts:
    @pytest.mark.parametrize(
        ("values", "form"),
        [
            (["74,02", "1.234,50"], {"decimal": ",", "thousands": "."}),
            (["1,234.50", "12.25"], {"decimal": ".", "thousands": ","}),
            (["12 %", "7.5 %"], {"decimal": ".", "symbols": ("%",)}),
            (["(12)", "7-"], {"decimal": "."}),
        ],
    )
    def test_formats(self, values: list[str], form: dict[str, Any]) -> None:
        contract, text = draft(with_label(id=range(ROWS), fee=values * (ROWS // 2)))
        assert contract.columns["fee"].type in ("integer", "number")
        found = contract.columns["fee"].number_format
        assert found is not None and found.model_dump(exclude_defaults=False).items() >= form.items()
        assert "written as" in text

    def test_a_format_that_later_batches_decide(self) -> None:
        parts = [["1,234", "2,500"] * 50, ["12,5", "7,25", "13,75", *(f"{row},125" for row in range(40))] * 3]
        days = [["01/02/2024"] * 100, ["25/02/2024", *(f"{day}/11/2023" for day in range(13, 28))] * 10]

        def batches(wanted: list[str]) -> Iterator[Batch]:
            for fees, joined in zip(parts, days, strict=True):
                rows = min(len(fees), len(joined))
                both = {"fee": pa.array(fees[:rows]), "joined": pa.array(joined[:rows])}
                columns = pa.RecordBatch.from_pydict({name: both[name] for name in wanted})
                yield Batch(columns, pa.array(range(rows)), (), None)

        fee, joined = survey(batches, ["fee", "joined"])
        assert isinstance(fee.format, NumberFormat)
        assert (fee.format.decimal, fee.low) == (",", 0.125)
        assert (joined.format, joined.first) == ("%d/%m/%Y", datetime(2023, 11, 13))  # noqa: DTZ001

    def test_sentinels_and_strays_are_pointed_out(self) -> None:
        age = [999 if row % 20 == 0 else 20 + row % 50 for row in range(ROWS)]
        visits = ["12 months" if row % 60 == 0 else str(row % 7) for row in range(ROWS)]
        plan = ["unknown" if row % 9 == 0 else "abc"[row % 3] for row in range(ROWS)]
        contract, text = draft(with_label(id=range(ROWS), age=age, months=visits, plan=plan))
        assert "999 in 5 % of rows, all others are 20 to 69" in text
        assert contract.columns["age"].missing_values == ()
        assert contract.columns["months"].type == "integer"
        assert contract.columns["months"].missing_values == ("12 months",)
        assert "'unknown' in 11.3 % of rows: a value, or missing?" in text

    def test_codes_and_large_numbers(self) -> None:
        zips = [f"{1_000 + row % 90:05d}" for row in range(ROWS)]
        area = [408, 415, 510] * (ROWS // 3)
        large = [str(10**20 + row % 50 * 10**15) for row in range(ROWS)]
        contract, text = draft({**with_label(id=range(ROWS), zip=zips, bytes=large), "area code": area})
        assert "several formats" not in text
        assert contract.columns["zip"].type == "category"
        assert contract.columns["area code"].values == ("408", "415", "510")
        assert contract.columns["bytes"].type == "number"

    @pytest.mark.parametrize(
        ("name", "values", "kind"),
        [
            *(
                ("agent", range(50), "category"),
                ("Company", range(50), "category"),
                ("home_branch", range(3), "category"),
            ),
            *(
                ("num_agents", range(5), "integer"),
                ("YearsAtCompany", range(50), "integer"),
                ("age", range(50), "integer"),
            ),
            *(("spend_per_channel", [row + 0.5 for row in range(40)], "number"), ("stores", range(9), "integer")),
        ],
    )
    def test_whole_numbers_named_after_a_thing_are_its_codes(
        self, name: str, values: Sequence[float], kind: str
    ) -> None:
        column = [values[row % len(values)] for row in range(ROWS)]
        contract, _ = draft(with_label(id=range(ROWS), **{name: column}))
        assert contract.columns[name].type == kind

    def test_many_categories_and_near_unique_texts(self) -> None:
        city = [f"city{row % 200}" for row in range(ROWS)]
        contract, text = draft(with_label(id=range(ROWS), city=city, note=[f"a note of {row}" for row in range(ROWS)]))
        assert contract.columns["city"].type == "category"
        assert "200 different values" in text
        assert contract.columns["note"].role == "ignored"

    @pytest.mark.parametrize(
        ("values", "why"),
        [
            (
                [f"{row}.234,5{row % 7}" if row % 2 else f"{row},234.5{row % 7}" for row in range(1, 301)],
                "several formats",
            ),
            ([f"{row * 1.7:.1f} kWh" for row in range(ROWS)], "numbers with a unit"),
            ([f"{row / 7:.2f}k" for row in range(ROWS)], "numbers with a unit"),
            ([f"{1 + row % 28}. März {1900 + row // 3}" for row in range(ROWS)], "a format that is not read"),
            ([f"March {1 + row % 28}th, {1900 + row // 3}" for row in range(ROWS)], "a format that is not read"),
            ([f"{row // 60:02d}:{row % 60:02d}" for row in range(ROWS)], "times of day"),
            (
                [
                    f"20{row % 26:02d}-01-{1 + row // 26:02d}" if row % 2 else f"1{row % 9}.02.20{row // 9:02d}"
                    for row in range(ROWS)
                ],
                "dates in several formats",
            ),
        ],
    )
    def test_texts_that_are_nearly_numbers_or_dates(self, values: list[str], why: str) -> None:
        contract, text = draft(with_label(customer_id=codes("C"), x=values))
        assert contract.columns["x"].type in ("string", "category")
        assert why in text

    @pytest.mark.parametrize("name", ["zipcode", "x"])
    def test_codes_are_no_numbers_in_several_formats(self, name: str) -> None:
        _, text = draft(
            with_label(customer_id=codes("C"), **{name: [f"{row * 37 % 1_700:05d}" for row in range(ROWS)]})
        )
        assert "in several formats" not in text

    def test_days_of_a_spreadsheet(self) -> None:
        _, text = draft(with_label(customer_id=codes("C"), joined=[43_000 + row * 3 for row in range(ROWS)]))
        assert "days since 1899-12-30, as spreadsheets count them?" in text

    def test_a_table_without_names(self) -> None:
        rows = [
            (f"C{row}", "abc"[row % 3], row % 11, f"{row * 1.7:.2f}", ["no", "yes"][row % 2]) for row in range(ROWS)
        ]
        columns = list(zip(*rows, strict=True))
        with pytest.raises(DataError, match=r"names of the columns in .* are values"):
            draft({str(column[0]): list(column[1:]) for column in columns})

    @pytest.mark.parametrize("name", ["y", "[y"])
    def test_a_label_called_as_one_of_its_values(self, name: str) -> None:
        values = [["no", "Y", "yes"][row % 3] for row in range(ROWS)]
        table = {"customer_id": codes("C"), "spend": [row % 11 for row in range(ROWS)], name: values}
        contract, _ = draft(table, label=name)
        assert contract.columns[name].type == "boolean"
        assert contract.label.positives in (("Y",), ("yes",))
        assert contract.label.ignore == ()
