"""A compiled pipeline in a short form, to be compared with files: one document a step, and one for what steps share.

A step's document says where its inputs come from, through all groups (conditions, loops, exit handlers) that it stands
in. What most steps have in common (image, environment, command, security context) stands once in the document
``pipeline``; a step that differs says so. The compiler's numbers of groups and its channels between them are resolved.

Nothing else of the compiled document is ignored: a part that the short form has no place for is an error. Omitted on
purpose is text alone: descriptions of inputs, and the body of a step's function; its name, and the imports that the
compiler puts before it, are compared.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from step_settings import artifact_kind, interface_of, program_of, reject_leftovers, resources_of, retry_of, secrets_of

Document = dict[str, Any]

PIPELINE = "pipeline"
"""Name of the document about what steps share."""
SHARED = ("image", "env", "command", "imports", "args", "security")
CHANNEL = re.compile(r"inputs\.parameter_values\['([^']+)'\]")


@dataclass
class Group:
    """A part of the graph: the root, a condition, a loop, an exit handler."""

    tasks: Document
    inputs: Document = field(default_factory=dict)
    """How the surrounding group fills this one's inputs, by name."""
    outputs: Document = field(default_factory=dict)
    parent: Group | None = None
    label: str = ""
    item: str = ""
    """In a loop: the input that differs from turn to turn."""

    @property
    def path(self) -> str:
        return f"{self.parent.path} / {self.label}" if self.parent and self.parent.label else self.label


def canonical(compiled: Document, platform: Document) -> dict[str, Document]:
    """The documents by name, the steps' and ``pipeline``.

    Args:
        compiled: what the compiler wrote.
        platform: its second document, about pods on Kubernetes.

    Raises:
        ValueError: if the short form has no place for a part of them.
    """
    return _Reading(copy.deepcopy(compiled), copy.deepcopy(platform)).documents()


class _Reading:
    def __init__(self, compiled: Document, platform: Document) -> None:
        self._root, self._about = compiled.pop("root"), compiled
        self._components = compiled.pop("components")
        self._containers = compiled["deploymentSpec"].pop("executors")
        self._pods = platform["platforms"]["kubernetes"]["deploymentSpec"].pop("executors")
        self._platform = platform
        self._groups: Document = {}
        self._steps: Document = {}
        self._read_components: set[str] = set()
        self._read_containers: set[str] = set()

    def documents(self) -> dict[str, Document]:
        root = copy.deepcopy(self._root)
        interface, dag = interface_of(root), root.pop("dag")
        top = Group(dag.pop("tasks"), outputs=dag.pop("outputs", {}).pop("artifacts", {}))
        results = {name: self._selected(top, each["artifactSelectors"]) for name, each in top.outputs.items()}
        reject_leftovers(root, dag)
        self._read(top)
        about = self._about.pop("pipelineInfo")
        whole = {
            "name": about.pop("name"),
            "description": about.pop("description"),
            "schema": self._about.pop("schemaVersion"),
            "sdk": self._about.pop("sdkVersion"),
            **interface,
            **_filled(results=results, groups=self._groups),
            "most_steps": _what_most_have(list(self._steps.values())),
        }
        reject_leftovers(about, _stripped(self._about), _stripped(self._platform))
        unread = {*self._components} - self._read_components
        unread |= ({*self._containers} | {*self._pods}) - self._read_containers
        if unread:
            raise ValueError(f"the short form has no place for {sorted(unread)}: no task refers to it")
        return {PIPELINE: whole, **self._steps}

    def _read(self, group: Group) -> None:
        labels = [self._label(group, name) for name in group.tasks]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two groups have one name: {sorted(labels)}")
        todo = [(name, self._inner(group, name, label)) for name, label in zip(group.tasks, labels, strict=True)]
        for name, inner in todo:
            if inner is None:
                if name in self._steps:
                    raise ValueError(f"two steps are called {name}")
                self._steps[name] = self._step(group, name)
            else:
                self._read(inner)
        for name, inner in todo:
            if inner is not None:
                self._groups[inner.path] = self._about_group(group, name, inner)

    def _label(self, group: Group, name: str) -> str:
        task = group.tasks[name]
        given = task["taskInfo"]["name"]
        if "parameterIterator" in task:
            return f"for each of {self._source(group, task['parameterIterator']['items']['inputParameter'])}"
        return "branches" if name.startswith("condition-branches") and given == name else given

    def _inner(self, group: Group, name: str, label: str) -> Group | None:
        task = group.tasks[name]
        component = self._components[task["componentRef"]["name"]]
        if "dag" not in component:
            return None
        filled = {**task["inputs"].get("parameters", {}), **task["inputs"].get("artifacts", {})}
        item = task.get("parameterIterator", {}).get("itemInput", "")
        outputs = component["dag"].get("outputs", {}).get("artifacts", {})
        return Group(component["dag"]["tasks"], filled, outputs, group, label, item)

    def _about_group(self, parent: Group, name: str, group: Group) -> Document:
        task = copy.deepcopy(parent.tasks[name])
        component = self._component(task)
        dag = component.pop("dag")
        dag.pop("tasks")
        component.pop("inputDefinitions", None)  # the channels, which the steps' documents resolve
        kinds = component.pop("outputDefinitions", {}).get("artifacts", {})
        outputs = {
            f"{self._selected(group, selector['artifactSelectors'])}": artifact_kind(kinds[key])
            for key, selector in dag.pop("outputs", {}).get("artifacts", {}).items()
        }
        trigger = task.pop("triggerPolicy", {})
        iterator = task.pop("parameterIterator", None)
        if iterator:
            items = iterator.pop("items")
            del items["inputParameter"], iterator["itemInput"]  # they are in the group's label
            reject_leftovers(items, iterator)
        limit = task.pop("iteratorPolicy", {})
        about = _filled(
            after=self._after(parent, task),
            when=self._condition(group, trigger.pop("condition", "")),
            strategy=trigger.pop("strategy", None),
            outputs=outputs,
            at_once=limit.pop("parallelismLimit", None),
        )
        del task["inputs"], task["taskInfo"]
        reject_leftovers(component, dag, trigger, limit, task)
        return about

    def _step(self, group: Group, name: str) -> Document:
        task = copy.deepcopy(group.tasks[name])
        function = task["componentRef"]["name"].removeprefix("comp-").replace("-", "_")
        component = self._component(task)
        label = component.pop("executorLabel")
        self._read_containers.add(label)
        interface = interface_of(component)
        references = task.pop("inputs", {})
        given = {**references.pop("parameters", {}), **references.pop("artifacts", {})}
        inputs = {
            key: f"{kind} from {self._origin(group, given.pop(key))}" if key in given else kind
            for key, kind in interface.get("inputs", {}).items()
        }
        trigger = task.pop("triggerPolicy", {})
        condition = self._condition(group, trigger.pop("condition", ""))
        cache = task.pop("cachingOptions", {})
        executor, pod = copy.deepcopy(self._containers[label]), copy.deepcopy(self._pods[label])
        container = executor.pop("container")
        document = _filled(
            group=group.path,
            after=self._after(group, task),
            when=condition,
            trigger=trigger.pop("strategy", None),
            inputs=inputs,
            outputs=interface.get("outputs"),
            retry=retry_of(task.pop("retryPolicy", None)),
            deadline_s=pod.pop("activeDeadlineSeconds", None),
            resources=resources_of(container.pop("resources", {})),
            secrets=secrets_of(pod.pop("secretAsEnv", [])),
        )
        document["cached"] = cache.pop("enableCache", False)
        document |= program_of(function, container, pod)
        if task.pop("taskInfo") != {"name": name}:
            raise ValueError(f"step {name} is displayed under another name")
        reject_leftovers(component, references, given, trigger, cache, executor, container, pod, task)
        return document

    def _component(self, task: Document) -> Document:
        """A copy of what a task refers to."""
        reference = task.pop("componentRef")
        name = reference.pop("name")
        reject_leftovers(reference)
        self._read_components.add(name)
        return copy.deepcopy(self._components[name])

    def _after(self, group: Group, task: Document) -> list[str]:
        return sorted(self._label(group, name) for name in task.pop("dependentTasks", []))

    def _condition(self, group: Group, condition: str) -> str:
        return CHANNEL.sub(lambda found: self._source(group, found[1]), condition)

    def _source(self, group: Group, channel: str) -> str:
        """Where an input of a group comes from."""
        if channel == group.item:
            return group.label.removeprefix("for ")
        if group.parent is None:
            return f"{PIPELINE}.{channel}"
        return self._origin(group.parent, group.inputs[channel])

    def _origin(self, group: Group, reference: Document) -> str:
        """Where an input of a task in this group comes from: a step's output, an input of the pipeline, a constant."""
        ((kind, value),) = reference.items()
        if kind == "runtimeValue" and list(value) == ["constant"]:
            return f"constant {value['constant']!r}"
        if kind in ("componentInputParameter", "componentInputArtifact"):
            return self._source(group, value)
        if kind == "taskFinalStatus" and list(value) == ["producerTask"]:
            return f"final status of {self._label(group, value['producerTask'])}"
        if kind in ("taskOutputParameter", "taskOutputArtifact"):
            key = value.get("outputParameterKey") or value.get("outputArtifactKey")
            if len(value) == 2:
                return self._output(group, value["producerTask"], key)
        raise ValueError(f"the short form has no place for the reference {reference}")

    def _output(self, group: Group, producer: str, key: str) -> str:
        inner = self._inner(group, producer, self._label(group, producer))
        if inner is None:
            return f"{producer}.{key}"
        selected = self._selected(inner, inner.outputs[key]["artifactSelectors"])
        return f"every {selected}" if inner.item else selected

    def _selected(self, group: Group, selectors: list[Document]) -> str:
        ((output, producer),) = [(each["outputArtifactKey"], each["producerSubtask"]) for each in selectors]
        return self._output(group, producer, output)


def _what_most_have(steps: list[Document]) -> Document:
    """The commonest value of each shared part; it is taken out of the steps that have it."""
    shared = {}
    for part in SHARED:
        values = [step[part] for step in steps]
        most, _ = Counter(map(repr, values)).most_common(1)[0]
        shared[part] = next(value for value in values if repr(value) == most)
        for step in steps:
            if step[part] == shared[part]:
                del step[part]
    return shared


def _filled(**parts: Any) -> Document:
    return {name: value for name, value in parts.items() if value not in (None, "", [], {})}


def _stripped(document: Any) -> Any:
    """Without empty mappings, however deep."""
    if not isinstance(document, dict):
        return document
    kept = {key: _stripped(value) for key, value in document.items()}
    return {key: value for key, value in kept.items() if value != {}}
