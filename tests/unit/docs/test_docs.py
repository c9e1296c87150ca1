"""What the pages name exists: links, anchors, files, targets of make, commands and their options."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.cli import app
from rollout.cli import main as rollout
from tenure.contract import parse

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(page for form in ("*.md", "docs/*.md", "datasets/*/*.md", "tests/**/*.md") for page in ROOT.glob(form))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"```.*?```", re.DOTALL)
TOP = r"k8s|docs|images|tests|tenure|pipelines|serving|rollout|benchmarks|requirements|\.github"
PATH = re.compile(rf"(?<![\w/.-])((?:{TOP})/[\w./-]+\.(?:py|sh|sql|yaml|yml|json|env|md|mk))\b")
CODE = re.compile(r"`([^`\n]+)`")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path, program: str) -> list[list[str]]:
    """Words of the commands that begin with ``program``, in blocks and in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
    lines = [*re.split(r"\n|&&|\|", blocks), *CODE.findall(FENCE.sub("", text))]
    found = [line.split("#")[0].strip() for line in lines if line.strip().startswith(f"{program} ")]
    return [shlex.split(line.replace("…", ""))[1:] for line in found if line.count("'") % 2 == 0 == line.count('"') % 2]


@pages
def test_relative_links_resolve(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


@pages
def test_files_exist(page: Path) -> None:
    named = {name for name in PATH.findall(page.read_text(encoding="utf-8")) if not re.search("NAME|TASK", name)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pages
def test_targets_of_make_exist(page: Path) -> None:
    makefiles = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "k8s/cluster.mk"))
    targets = set(re.findall(r"^([a-z0-9-]+):", makefiles, re.MULTILINE))
    for words in commands(page, "make"):
        named = [word for word in words if re.fullmatch("[a-z0-9-]+", word)]
        assert set(named) <= targets, words


@pages
def test_commands_and_their_options_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(page, "tenure"):
        # What follows two dashes is for the model server.
        given = words[: words.index("--")] if "--" in words else words
        if given[:1] == ["rollout"]:
            check_rollout(given[1:], capsys)
        else:
            check(typer.main.get_command(app), given)


def check(command: Any, words: list[str]) -> None:
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.split("=")[0] for word in words if word.startswith("--")} - {"--help"}
    assert used <= known, words


def check_rollout(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if not words:
        return
    with pytest.raises(SystemExit) as ended:
        rollout([words[0], "--help"])
    assert ended.value.code == 0, words
    shown = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", shown), words


def test_every_page_is_checked() -> None:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git work tree")
    assert {ROOT / name for name in listed.stdout.split()} <= set(PAGES)


@pages
def test_contracts_in_pages_are_valid(page: Path) -> None:
    """Every block of YAML that has a name and columns or tables is a contract as it stands."""
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        if re.search(r"^name:", block, re.MULTILINE) and re.search(r"^(tables|columns):", block, re.MULTILINE):
            assert parse(block, str(page)).name
