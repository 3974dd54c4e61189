"""The OpenAPI documents are valid and their examples fit: check_openapi.py DOCUMENT…"""

import sys

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate


def resolved(document, node):
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def examples(document, node, path="#"):
    """Every (path, schema, example) below a node."""
    if isinstance(node, dict):
        schema = node.get("schema")
        if schema is not None and "example" in node:
            yield path, schema, node["example"]
        if schema is not None and isinstance(node.get("examples"), dict):
            for name, example in node["examples"].items():
                yield f"{path}/{name}", schema, resolved(document, example)["value"]
        is_schema = "example" in node and schema is None and {"type", "allOf", "oneOf"} & set(node)
        if is_schema:
            yield path, node, node["example"]
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from examples(document, value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from examples(document, value, f"{path}/{index}")


def problems(path):
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    try:
        validate(document)
    except Exception as error:
        return 0, [f"{path}: {error}"]
    found, count = [], 0
    for place, schema, example in examples(document, document):
        count += 1
        whole = {"allOf": [schema], "components": document.get("components", {})}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        for error in validator.iter_errors(example):
            found.append(f"{path}: example {place}: {error.json_path}: {error.message}")
    return count, found


failed = False
for path in sys.argv[1:]:
    count, found = problems(path)
    print("\n".join(found) or f"{path}: valid, {count} examples fit")
    failed = failed or bool(found)
sys.exit(1 if failed or len(sys.argv) < 2 else 0)
