"""Parts of a compiled step in a short form. Each function takes out what it reads; what is left over is an error."""

from __future__ import annotations

import re
from typing import Any

Document = dict[str, Any]


def reject_leftovers(*parts: Document) -> None:
    """
    Raises:
        ValueError: if one of the parts still holds something.
    """
    for part in parts:
        if part:
            raise ValueError(f"the short form has no place for {part}")


def interface_of(component: Document) -> Document:
    """Types of the inputs, with the default of those that need not be given, and of the outputs."""
    found: Document = {}
    for direction in ("inputs", "outputs"):
        definitions = component.pop(f"{direction.removesuffix('s')}Definitions", {})
        kinds = {}
        for name, each in definitions.pop("parameters", {}).items():
            kinds[name] = each.pop("parameterType")
            if each.pop("isOptional", False):
                kinds[name] += f" (default {each.pop('defaultValue', None)!r})"
            each.pop("description", None)
            reject_leftovers(each)
        for name, each in definitions.pop("artifacts", {}).items():
            each.pop("description", None)
            kinds[name] = artifact_kind(each)
        reject_leftovers(definitions)
        if kinds:
            found[direction] = dict(sorted(kinds.items()))
    return found


def artifact_kind(definition: Document) -> str:
    kind = definition.pop("artifactType")
    name, version = kind.pop("schemaTitle"), kind.pop("schemaVersion")
    several = definition.pop("isArtifactList", False)
    optional = " (optional)" if definition.pop("isOptional", False) else ""
    reject_leftovers(kind, definition)
    if version != "0.0.1":
        name += f" {version}"
    return f"{'list of ' if several else ''}{name}{optional}"


def retry_of(policy: Document | None) -> str:
    if policy is None:
        return "never"
    text = (
        f"{policy.pop('maxRetryCount')} times, first after {policy.pop('backoffDuration')}, "
        f"backoff factor {policy.pop('backoffFactor'):g}, at most {policy.pop('backoffMaxDuration')} in all"
    )
    reject_leftovers(policy)
    return text


def resources_of(resources: Document) -> str:
    limits = (resources.pop("resourceCpuLimit", None), resources.pop("resourceMemoryLimit", None))
    requests = (resources.pop("resourceCpuRequest", None), resources.pop("resourceMemoryRequest", None))
    for name in ("cpuLimit", "memoryLimit", "cpuRequest", "memoryRequest"):  # the same as numbers, for older back ends
        resources.pop(name, None)
    reject_leftovers(resources)
    text = "cpu {}, memory {}"
    return text.format(*limits) + ("" if requests == limits else f"; requested: {text.format(*requests)}")


def secrets_of(secrets: list[Document]) -> Document:
    found: Document = {}
    for secret in secrets:
        name = secret.pop("secretName")
        if secret.pop("secretNameParameter") != {"runtimeValue": {"constant": name}}:
            raise ValueError(f"secret {name} has a second name")
        optional = " (optional)" if secret.pop("optional", False) else ""
        for pair in secret.pop("keyToEnv"):
            found[pair.pop("envVar")] = f"{name}.{pair.pop('secretKey')}{optional}"
            reject_leftovers(pair)
        reject_leftovers(secret)
    return found


def program_of(function: str, container: Document, pod: Document) -> Document:
    """What is the same in most steps: image, environment, command, security."""
    command, args, imports = container.pop("command"), container.pop("args"), ""
    if "--function_to_execute" in args:
        *command, source = command
        imports, _, body = source.partition(f"def {function}(")
        if not body:
            raise ValueError(f"a step's source does not define {function}")
    env = {}
    for each in container.pop("env", []):
        env[each.pop("name")] = each.pop("value")
        reject_leftovers(each)
    metadata = pod.pop("podMetadata", {})
    labels = metadata.pop("labels", None)
    reject_leftovers(metadata)
    return {
        "image": container.pop("image"),
        "env": env,
        "command": [re.sub(r"\s+", " ", part).strip() for part in command],
        "imports": imports.split("\n"),
        "args": ["FUNCTION" if part == function else part for part in args],
        "security": pod.pop("securityContext", None),
        "labels": labels,
    }
