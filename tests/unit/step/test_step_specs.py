"""components/*/spec.py: every step is declared in its folder, completely, and its name is listed nowhere else."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from components.spec import displayed_steps, specs_by_folder, step_specs

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = sorted(path.parent.name for path in (ROOT / "components").glob("*/component.py"))


def components_of(folder):
    """Names of the KFP components in a folder."""
    from kfp.dsl.base_component import BaseComponent

    module = import_module(f"components.{folder}.component")
    return {name for name, value in vars(module).items() if isinstance(value, BaseComponent)}


def test_every_folder_declares_its_steps():
    assert sorted(specs_by_folder()) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_component_has_one_complete_declaration(folder):
    specs = specs_by_folder()[folder]
    assert sorted(spec.name for spec in specs) == sorted(components_of(folder))
    for spec in specs:
        assert re.fullmatch(r"\d+m?", spec.resources.cpu), spec.name
        assert re.fullmatch(r"\d+[MG]i", spec.resources.memory), spec.name
        assert spec.timeout_s > 0, spec.name
        assert all(secret.name and secret.variables for secret in spec.secrets), spec.name


def test_names_and_positions_are_unique():
    specs = [spec for each in specs_by_folder().values() for spec in each]
    assert len({spec.name for spec in specs}) == len(specs)
    orders = [spec.order for spec in specs if spec.order is not None]
    assert len(set(orders)) == len(orders)


def test_a_laptop_displays_the_steps_of_its_graph_in_an_order_that_the_graph_allows(tmp_path):
    import yaml

    from pipelines.graphs.compilation import compile_training
    from pipelines.graphs.settings import local

    compile_training(local("0123456789ab"), tmp_path / "training.yaml")
    document = next(yaml.safe_load_all((tmp_path / "training.yaml").read_text(encoding="utf-8")))
    steps = [name.removeprefix("exec-").replace("-", "_") for name in document["deploymentSpec"]["executors"]]
    # The step track reports as register.
    assert set(displayed_steps()) == set(steps) - {"track"}
    tasks = {}
    for part in [document["root"], *document["components"].values()]:
        tasks |= part.get("dag", {}).get("tasks", {})
    for step in displayed_steps():
        for after in tasks[step.replace("_", "-")].get("dependentTasks", ()):
            earlier = after.replace("-", "_")
            if earlier in displayed_steps():
                assert displayed_steps().index(earlier) < displayed_steps().index(step)


def test_every_step_is_in_a_graph_which_gives_each_of_its_parameters(tmp_path):
    import yaml

    from pipelines.graphs.compilation import COMPILERS
    from pipelines.graphs.settings import cluster

    given, declared = {}, {}
    for name, compile_graph in COMPILERS.items():
        compile_graph(cluster("registry.example.com/tenure-pipeline:4f2c1a9"), tmp_path / f"{name}.yaml")
        document = next(yaml.safe_load_all((tmp_path / f"{name}.yaml").read_text(encoding="utf-8")))
        parts = document["components"]
        for part in [document["root"], *parts.values()]:
            for task in part.get("dag", {}).get("tasks", {}).values():
                component = task["componentRef"]["name"]
                if "executorLabel" in parts[component]:
                    step = component.removeprefix("comp-").replace("-", "_")
                    declared[step] = set(parts[component].get("inputDefinitions", {}).get("parameters", {}))
                    given.setdefault(step, set()).update(task.get("inputs", {}).get("parameters", {}))
    assert set(given) == set(step_specs())
    assert given == declared


def test_reading_the_declarations_loads_no_heavy_library():
    code = (
        "import sys; from components.spec import step_specs; assert step_specs();"
        "print({'kfp', 'numpy', 'pyarrow', 'mlflow', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "set()\n", done.stderr


FRONT_DOOR = ROOT / "tenure" / "__init__.py"
"""Its functions are verbs of the field, some of which are also names of steps."""


def names_in(literal):
    """Step names among the elements of a tuple, list, set or dictionary."""
    items = literal.keys if isinstance(literal, ast.Dict) else literal.elts
    values = {item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)}
    return values & set(step_specs())


@pytest.mark.parametrize("package", ["components", "pipelines"])
def test_no_module_lists_step_names(package):
    listed = [
        f"{path.relative_to(ROOT)}:{node.lineno} {sorted(names_in(node))}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != FRONT_DOOR
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict) and len(names_in(node)) > 1
    ]
    assert listed == []


def test_the_import_rules_name_no_step():
    rules = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [folder for folder in FOLDERS if re.search(rf"components\.{folder}\b", rules)] == []
