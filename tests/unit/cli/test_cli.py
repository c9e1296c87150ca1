"""The command line: help, exit codes, one-line errors, JSON. Each command on small real data."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import assert_valid
from typer.testing import CliRunner

from pipelines import cli, commands
from pipelines.cli import app
from pipelines.commands.options import EXIT_CODES, report
from pipelines.local import record, records
from pipelines.local.home import Home
from pipelines.local.runner import PipelineFailedError
from serving.lifecycle import arguments
from tenure import errors

TELCO = Path(__file__).resolve().parents[3] / "datasets" / "telco"
COMMANDS = [
    *(
        ("init",),
        ("generate",),
        ("check",),
        ("features",),
        ("migrate",),
        ("run",),
        ("serve",),
        ("predict",),
        ("report",),
        ("compile",),
    ),
    *(("submit",), ("schedule",), ("score",), ("monitor",)),
    *(("runs",), ("runs", "list"), ("runs", "show")),
    *(("models",), *(("models", name) for name in ("list", "compare", "promote", "rollback", "history"))),
    *(("models", "verify"), ("models", "sign"), ("keys", "create"), ("keys", "show")),
]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TENURE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    place = Home.at()
    place.create()
    return place


def tenure(*arguments, **settings):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tenure", **settings)


def fails(result, status, pattern):
    """One line on stderr that says what is wrong, nothing on stdout that a script would take for a result."""
    assert result.exit_code == status, result.output
    assert re.search(pattern, result.stderr), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.output


def a_run(home, run_id="20251121-090000-telco", **changes):
    fields = {
        "run_id": run_id,
        "dataset": "telco",
        "contract": "contract.yaml",
        "source": "a.csv",
        "state": "finished",
        "started_at": "2025-11-21T09:00:00+00:00",
        "verdict": "bless",
        "version": "1",
        "roc_auc": 0.84,
        "profit": 1234.0,
        "duration_s": 60.0,
    }
    written = record.RunRecord(**(fields | changes))
    record.write(home, written)
    return written


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command):
    result = tenure(*command, "--help")
    assert result.exit_code == 0
    assert f"Usage: tenure {' '.join(command)}" in result.stdout
    if command not in (("runs",), ("models",)):
        assert f"  tenure {' '.join(command)}" in result.stdout.partition("Examples:")[2]
        assert "--verbose" in result.stdout


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command not in (("runs",), ("models",))], ids=" ".join
)
def test_the_examples_of_help_are_commands_that_exist(command):
    """Every example parses: asked for help in its place, typer finds no option that it does not know."""
    helped = tenure(*command, "--help").stdout
    examples = re.sub(r"\\\n\s*", " ", helped.partition("Examples:")[2]).strip().splitlines()
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" | jq")[0].partition("| ")[2] or example.partition(" | ")[0])
        assert words[0] == "tenure"
        if "--" in words:  # what follows is for the model server
            end = words.index("--")
            assert arguments.parse(["--model", "telco=bundle", *words[end + 1 :]])
            words = words[:end]
        assert tenure(*words[1:], "--help").exit_code == 0
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert all(re.search(rf"{option}\b", helped) for option in options), example


def test_the_documented_exit_codes_are_those_of_the_errors():
    documented = {int(number) for number in re.findall(r"^  (\d+)  ", EXIT_CODES, re.MULTILINE)}
    raised = {
        each.exit_status
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.TenureError)
    }
    assert documented == raised | {0, 130}
    assert "3  a database" in tenure("--help").stdout


def test_every_group_of_commands_is_registered():
    folder = Path(commands.__file__).parent
    files = {file.stem for file in folder.glob("*.py") if "\ndef register(" in file.read_text(encoding="utf-8")}
    assert files == set(cli.COMMANDS)


def test_the_start_imports_no_heavy_library():
    heavy = {"numpy", "pandas", "pyarrow", "kfp", "mlflow", "rich", "sklearn", "pydantic", "yaml"}
    code = f"import sys, pipelines.cli; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"


def test_the_version():
    from tenure import __version__

    assert tenure("--version").stdout.strip() == __version__


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (errors.DataError("row 7: no"), 2, "tenure: row 7: no\n"),
        (errors.BusyError("taken"), 4, "tenure: taken\n"),
        (KeyboardInterrupt(), 130, "tenure: interrupted\n"),
        (OSError(28, "No space left on device"), 5, "tenure: the disk is full\n"),
        (ValueError("a bug\nin two lines"), 1, "tenure: unexpected ValueError: a bug (--verbose shows where)\n"),
    ],
)
def test_an_error_is_one_line(error, status, line, capsys):
    assert report(error, verbose=False) == status
    assert capsys.readouterr().err == line


def test_the_trace_is_behind_verbose(home):
    assert "Traceback" not in tenure("runs", "show", "nope").stderr
    assert "Traceback" in tenure("runs", "show", "nope", "--verbose").stderr


def test_the_trace_of_a_step_is_behind_verbose_too(tmp_path, capsys):
    log = tmp_path / "run.log"
    log.write_text("Traceback of the step\n")
    error = PipelineFailedError("train: KeyError: 'x'", 1, log)
    assert report(error, verbose=True) == 1
    assert capsys.readouterr().err == "Traceback of the step\ntenure: train: KeyError: 'x'\n"


def test_a_reader_that_had_enough_is_no_error(home):
    for number in range(200):
        a_run(home, f"20251121-09{number // 60:02}{number % 60:02}-telco")
    command = f"{shlex.quote(sys.executable)} -m pipelines.cli runs list --json | head -1; exit ${{PIPESTATUS[0]}}"
    root = str(TELCO.parent.parent)
    answer = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "[\n", "")


class TestRuns:
    def test_no_run_yet(self, home):
        assert "no run yet" in tenure("runs").stdout
        assert json.loads(tenure("runs", "list", "--json").stdout) == []
        fails(tenure("report"), 2, "no run yet")

    def test_list(self, home):
        a_run(home)
        a_run(home, "20251121-100000-telco", state="failed", verdict=None, version=None, error="no", roc_auc=None)
        for listed in (tenure("runs").stdout, tenure("runs", "list").stdout):
            first, second = listed.splitlines()[2:4]
            assert first.startswith("20251121-100000-telco")
            assert "failed" in first
            assert "0.840" in second
            assert "1,234" in second
        assert [run["state"] for run in json.loads(tenure("runs", "list", "--json").stdout)] == ["failed", "finished"]

    def test_a_profit_by_default_business_values_is_marked(self, home):
        a_run(home)
        assert "default" not in tenure("runs").stdout
        a_run(home, "20251121-100000-telco", default_business_values="customer_value, contacts")
        listed = tenure("runs").stdout
        assert "1,234 *" in listed.splitlines()[2] and "1,234 *" not in listed.splitlines()[3]
        assert "* rests on default business values: set them under 'business' in the contract" in listed

    def test_a_regression_has_columns_of_its_own(self, home):
        values = {"dataset": "future-spend", "roc_auc": None, "profit": None, "r2": 0.423, "rmse": 73.82}
        a_run(home, "20251121-110000-future-spend", **values)
        heads, _, row = tenure("runs").stdout.splitlines()[:3]
        assert "ROC-AUC" not in heads
        assert "0.423" in row
        assert "73.82" in row
        a_run(home)
        heads = tenure("runs").stdout.splitlines()[0]
        assert "ROC-AUC" in heads
        assert "RMSE" in heads

    def test_show(self, home):
        a_run(home, parameters={"trials": 3})
        shown = tenure("runs", "show", "last").stdout
        assert re.search(r"^trials +3$", shown, re.MULTILINE)
        assert re.search(r"^version +1$", shown, re.MULTILINE)
        assert "run.json" in shown
        assert json.loads(tenure("runs", "show", "20251121-090000-telco", "--json").stdout)["parameters"] == {
            "trials": 3
        }

    def test_a_run_that_is_not_there(self, home):
        fails(tenure("runs", "show", "20251121-090000-nope"), 2, r"no run '20251121-090000-nope' in .*home;")


class TestReport:
    def test_the_evaluation_before_the_validation(self, home):
        folder = home.runs / a_run(home).run_id
        fails(tenure("report"), 2, "has no report; its log is")
        (folder / "validation.html").write_text("x")
        assert tenure("report").stdout.strip() == str(folder / "validation.html")
        (folder / "report.html").write_text("x")
        assert tenure("report", "last").stdout.strip() == str(folder / "report.html")
        found = json.loads(tenure("report", "--json").stdout)
        assert found["report"] == str(folder / "report.html")
        assert len(found["all"]) == 2


class TestInit:
    @pytest.fixture
    def table(self, home):
        lines = ["client_id,plan,spend,churned"]
        lines += [
            f"{number},{'basic' if number % 3 else 'pro'},{number % 50},{'yes' if number % 4 == 0 else 'no'}"
            for number in range(400)
        ]
        Path("clients.csv").write_text("\n".join(lines) + "\n")
        return Path("clients.csv")

    def test_a_first_contract_that_its_table_meets(self, table):
        result = tenure("init", table, "--out", "datasets/mine")
        assert result.exit_code == 0, result.output
        assert "key 'client_id', label 'churned'" in result.stdout
        assert "uri: ../../clients.csv" in Path("datasets/mine/contract.yaml").read_text()
        checked = tenure("check", "datasets/mine", "--json")
        assert checked.exit_code == 0, checked.output
        assert json.loads(checked.stdout)["verdict"] in ("pass", "warn")

    def test_a_table_that_is_no_table_of_customers(self, home):
        Path("two.csv").write_text("a,b\n1,x\n1,y\n1,x\n1,x\n")
        said = r"^tenure: no contract can be inferred from \S+two\.csv: no column has the role"
        fails(tenure("init", "two.csv", "--out", "two"), 2, said)
        assert not Path("two").exists()

    def test_the_default_folder_and_json(self, table):
        found = json.loads(tenure("init", table, "--json").stdout)
        decisions = found.pop("decisions")
        assert found == {
            "contract": "datasets/clients/contract.yaml",
            "name": "clients",
            "task": "classification",
            "key": "client_id",
            "label": "churned",
        }
        assert [one["what"] for one in decisions] == ["key", "label", "features"]
        assert decisions[1]["value"] == "'churned': 'yes' means churn"

    def test_a_label_that_is_a_number(self, table):
        found = json.loads(tenure("init", table, "--label", "spend", "--json").stdout)
        assert (found["task"], found["label"]) == ("regression", "spend")
        fails(tenure("init", table, "--label", "spent", "--out", "other"), 2, "did you mean 'spend'")

    def test_an_existing_contract_is_not_overwritten(self, table):
        Path("mine").mkdir()
        Path("mine/contract.yaml").write_text("my work")
        fails(tenure("init", table, "--out", "mine"), 2, r"mine/contract\.yaml exists")
        assert Path("mine/contract.yaml").read_text() == "my work"

    @pytest.mark.parametrize(
        ("content", "pattern"), [("", "clients.csv"), ("a,b\n", "no rows"), ("a\n1\n2\n", "label|key")]
    )
    def test_a_table_without_anything_to_go_by(self, table, content, pattern):
        table.write_text(content)
        fails(tenure("init", table), 2, pattern)

    def test_a_missing_table(self, home):
        fails(tenure("init", "missing.csv"), 2, "missing.csv")


class TestCheck:
    def test_telco(self, home):
        result = tenure("check", TELCO, "--report", "out/report.html")
        assert result.exit_code == 0, result.output
        assert "7,043 rows: 0 rejected, 0 quarantined, 7,043 good" in result.stdout
        assert "<html" in Path("out/report.html").read_text()[:200]

    def test_what_would_stop_a_run_stops_here_with_all_checks_shown(self, home):
        lines = (TELCO / "telco_churn.csv").read_text().splitlines()[:400]
        # Every third customer has a tenure that no customer can have.
        broken = [
            lines[0],
            *(
                re.sub(r"^((?:[^,]*,){5})\d+", r"\g<1>-5", line) if n % 3 == 0 else line
                for n, line in enumerate(lines[1:])
            ),
        ]
        Path("broken.csv").write_text("\n".join(broken) + "\n")
        result = tenure("check", TELCO, "--data", "broken.csv")
        assert result.exit_code == 2
        assert "133 quarantined" in result.stdout
        assert result.stderr.startswith("tenure: ")
        assert "does not meet the contract 'telco'" in result.stderr
        assert json.loads(tenure("check", TELCO, "--data", "broken.csv", "--json").stdout)["verdict"] == "stop"

    def test_a_feature_that_reveals_the_label_stops_here_and_may_be_allowed(self, home):
        rows = [f"c{n},{n * 7 % 59},{'Y' if n % 4 == 0 and n % 10 else 'N'},{int(n % 4 == 0)}" for n in range(600)]
        Path("table.csv").write_text("id,months,survey_sent,left\n" + "\n".join(rows) + "\n")
        text = (
            "name: leaking\nsource: {uri: table.csv}\nlabel: {positive: '1'}\ncolumns:\n"
            "  id: {type: string, role: key}\n  months: {type: integer}\n  survey_sent: {type: category}\n"
            "  left: {type: integer, role: label}\n"
        )
        Path("contract.yaml").write_text(text)
        stopped = tenure("check", "contract.yaml", "--json")
        assert stopped.exit_code == 2
        assert "of the churners and 0.0% of the stayers" in stopped.stderr
        document = json.loads(stopped.stdout)
        stops = [check for check in document["checks"] if check["level"] == "stop"]
        assert [(check["name"], check["column"]) for check in stops] == [("leakage: value of one class", "survey_sent")]
        assert "role: ignored" in stops[0]["advice"]
        tenure("check", "contract.yaml", "--report", "stopped.html")
        assert "survey_sent&#39; is &#39;Y&#39;" in Path("stopped.html").read_text()
        reason = 'category, leakage: {allow: "sent before the notice"}'
        Path("contract.yaml").write_text(text.replace("category", reason))
        allowed = tenure("check", "contract.yaml", "--report", "allowed.html")
        assert allowed.exit_code == 0, allowed.output
        assert "allowed: sent before the notice" in allowed.stdout
        assert "<li>survey_sent: sent before the notice</li>" in Path("allowed.html").read_text()

    def test_too_few_customers_for_the_parts_stop_here(self, home):
        rows = [f"c{n},{n * 7 % 60},{int(n % 100 == 0)}" for n in range(200)]
        Path("table.csv").write_text("id,months,left\n" + "\n".join(rows) + "\n")
        Path("contract.yaml").write_text(
            "name: rare\nsource: {uri: table.csv}\nlabel: {positive: '1'}\ncolumns:\n"
            "  id: {type: string, role: key}\n  months: {type: integer}\n  left: {type: integer, role: label}\n"
        )
        result = tenure("check", "contract.yaml")
        assert result.exit_code == 2
        assert result.stderr == "tenure: the test part of the split has 30 rows and no customer who left\n"
        assert re.search(r"^split +stop", result.stdout, re.MULTILINE)

    def test_a_table_that_is_not_there(self, home):
        fails(tenure("check", TELCO, "--data", "missing.csv"), 2, r"missing\.csv")

    def test_a_contract_that_is_not_there(self, home):
        fails(tenure("check", "nowhere"), 2, "no contract at")

    def test_an_unknown_key_is_named_with_its_line(self, home):
        text = (TELCO / "contract.yaml").read_text().replace("name: telco\n", "name: telco\nnmae: x\n", 1)
        Path("contract.yaml").write_text(text)
        fails(tenure("check", "contract.yaml"), 2, r"contract\.yaml:\d+: unknown key 'nmae'")


class TestPredict:
    @pytest.fixture
    def customers(self, home, small_bundle):
        with Path("customers.csv").open("w") as stream:
            stream.writelines((TELCO / "telco_churn.csv").read_text().splitlines(keepends=True)[:6])
        return small_bundle.folder

    def test_a_table_for_people(self, customers):
        result = tenure("predict", "customers.csv", "--version", customers)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert lines[2].startswith("7590-VHVEG")
        assert len(lines) == 7
        assert re.search(r"[+-] \w+, [+-] \w+, [+-] \w+", lines[2])

    def test_rows_without_a_key_are_numbered_and_strange_values_are_noted(self, customers):
        header, *rows = [line.split(",") for line in Path("customers.csv").read_text().splitlines()]
        rows[1][header.index("Contract")], rows[1][header.index("tenure")] = "Weekly", "900"
        Path("anonymous.csv").write_text("".join(f"{','.join(row[1:])}\n" for row in [header, *rows]))
        result = tenure("predict", "anonymous.csv", "--version", customers)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert [line.split()[0] for line in (lines[0], *lines[2:])] == ["row", "1", "2", "3", "4", "5"]
        assert "unknown: Contract 'Weekly'; out of range: tenure 900" in lines[3]

    def test_an_error_behind_the_first_batch_says_where_its_rows_are_counted_from(self, customers, monkeypatch):
        monkeypatch.setattr(records.batches, "__defaults__", (2,))
        text = Path("customers.csv").read_text()
        Path("customers.csv").write_text(text + text.splitlines()[1].replace(",1,", ",many,", 1) + "\n")
        pattern = r"column 'tenure', row 2: 'many' is not a whole number \(counted from row 5\)"
        fails(tenure("predict", "customers.csv", "--version", customers), 2, pattern)

    def test_csv_json_and_pairs_say_the_same(self, customers):
        header, row = [line.split(",") for line in Path("customers.csv").read_text().splitlines()[:2]]
        record_ = dict(zip(header, row, strict=True))
        Path("one.json").write_text(json.dumps(record_))
        Path("lines.jsonl").write_text(json.dumps(record_) + "\n" + json.dumps(record_) + "\n")
        options = ("--version", customers, "--json")
        expected = json.loads(tenure("predict", "customers.csv", *options).stdout)[0]
        assert 0.0 < expected["probability"] < 1.0
        assert_valid("predictions", [expected])
        assert len(expected["reasons"]) == 3
        assert json.loads(tenure("predict", "one.json", *options).stdout) == [expected]
        assert json.loads(tenure("predict", "lines.jsonl", *options).stdout) == [expected, expected]
        pairs = [f"{name}={value}" for name, value in record_.items()]
        assert json.loads(tenure("predict", *pairs, *options).stdout) == [expected]
        assert (
            json.loads(tenure("predict", "-", *options, input=Path("customers.csv").read_text()).stdout)[0] == expected
        )

    def test_the_threshold_decides_who_is_contacted(self, customers):
        for threshold, contacted in (("0", True), ("1", False)):
            rows = json.loads(
                tenure("predict", "customers.csv", "--version", customers, "--json", "--threshold", threshold).stdout
            )
            assert {row["decision"] for row in rows} == {contacted}

    @pytest.mark.parametrize(
        ("arguments", "content", "pattern"),
        [
            (["missing.csv"], None, "neither a file nor column=value"),
            (["a=1", "b.csv"], None, "give column=value pairs, or one file"),
            (["bad.csv"], "", "empty"),
            (["bad.csv"], "tenure,Contract\n", "no rows"),
            (["bad.csv"], "tenure,Contract\n1\n", r"bad\.csv, row 1: 1 field where the header has 2"),
            (["bad.json"], "[1]", "bad.json holds no JSON objects"),
            (["bad.json"], "{broken", "line 1"),
            (["bad.parquet"], "not parquet", "bad.parquet"),
            (["tenure=many"], None, "tenure|missing"),
        ],
    )
    def test_bad_customers(self, customers, arguments, content, pattern):
        if content is not None:
            Path(arguments[0]).write_text(content)
        fails(tenure("predict", *arguments, "--version", customers), 2, pattern)

    def test_a_server_that_is_not_there(self, customers):
        fails(tenure("predict", "customers.csv", "--url", "http://127.0.0.1:9"), 6, "no answer from http://127.0.0.1:9")

    def test_a_changed_bundle_is_refused(self, customers, tmp_path):
        shutil.copytree(customers, tmp_path / "changed")
        model = tmp_path / "changed" / "model.onnx"
        content = bytearray(model.read_bytes())
        content[100] ^= 1
        model.write_bytes(content)
        fails(tenure("predict", "customers.csv", "--version", tmp_path / "changed"), 2, "model.onnx")

    def test_no_model_yet(self, home):
        Path("customers.csv").write_text("tenure\n1\n")
        fails(tenure("predict", "customers.csv"), 2, "which model")


class TestCompile:
    @pytest.mark.parametrize("image", ["tenure", "tenure:latest"])
    def test_an_image_without_a_tag_of_its_own(self, home, image):
        fails(tenure("compile", "--image", image), 2, "tag made of its content")

    def test_a_file_for_a_cluster(self, home):
        result = tenure("compile", "training", "--image", "tenure-python:4f2c1a9", "--output", "out/training.yaml")
        assert result.exit_code == 0, result.output
        assert "tenure-python:4f2c1a9" in Path("out/training.yaml").read_text()


class TestRun:
    """What is refused before anything runs."""

    def test_a_contract_that_is_not_there(self, home):
        fails(tenure("run", "nowhere"), 2, "no contract at")
        assert list(home.runs.iterdir()) == []

    @pytest.mark.parametrize("option", [("--trials", "0"), ("--workers", "0"), ("--workers", "65"), ("--seed", "-1")])
    def test_numbers_out_of_range(self, home, option):
        result = tenure("run", TELCO, *option)
        assert result.exit_code == 2
        assert option[0] in result.stderr

    def test_a_family_that_is_not_there(self, home):
        fails(tenure("run", TELCO, "--families", "xgbost"), 2, "did you mean 'xgboost'")

    def test_a_home_that_cannot_be_made(self, home):
        Path("file").write_text("")
        fails(tenure("run", TELCO, "--home", "file/home"), 5, "cannot create the home")
