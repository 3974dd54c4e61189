"""The AsyncAPI document is valid, and examples and golden files fit its schemas:
check_asyncapi.py DOCUMENT FOLDER, where FOLDER holds <type>.json for each message type."""

import json
import pathlib
import sys

import yaml
from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import best_match

document_path, golden = sys.argv[1], pathlib.Path(sys.argv[2])
with open(document_path, encoding="utf-8") as file:
    document = yaml.safe_load(file)
with open(pathlib.Path(sys.prefix, "asyncapi-3.0.0.json"), encoding="utf-8") as file:
    specification = json.load(file)

found = []
if error := best_match(Draft7Validator(specification).iter_errors(document)):
    found.append(f"{document_path}: {error.json_path}: {error.message}")


def check(place, schema, value):
    # AsyncAPI's schemas are those of JSON Schema draft 7.
    whole = {"allOf": [schema], "components": document["components"]}
    for error in Draft7Validator(whole, format_checker=FormatChecker()).iter_errors(value):
        found.append(f"{place}: {error.json_path}: {error.message}")


for schema in document["components"]["schemas"].values():
    Draft7Validator.check_schema(schema)
count = 0
messages = document["components"]["messages"]
for name, message in messages.items():
    for index, example in enumerate(message.get("examples", [])):
        count += 1
        check(f"{name}, example {index}", message["payload"], example["payload"])
        if "headers" in example:
            check(f"{name}, headers of example {index}", message["headers"], example["headers"])
for path in sorted(golden.glob("*.json")):
    count += 1
    check(path.name, messages[path.stem]["payload"], json.loads(path.read_text("utf-8")))

print("\n".join(found) or f"{document_path}: valid, {count} examples fit")
sys.exit(1 if found else 0)
