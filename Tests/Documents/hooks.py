"""What schemathesis is to know of Sluice's services."""

import schemathesis
import yaml
from schemathesis.specs.openapi.checks import negative_data_rejection


def has_null(value):
    if isinstance(value, dict):
        return any(has_null(member) for member in value.values())
    if isinstance(value, list):
        return any(has_null(item) for item in value)
    return value is None


@schemathesis.check
def invalid_data_rejection(ctx, response, case):
    """`negative_data_rejection`, where a null member or an empty header counts as left out."""
    if isinstance(case.body, dict) and has_null(case.body):
        return None
    if "" in (case.headers or {}).values():
        return None
    return negative_data_rejection(ctx, response, case)


class WithoutAliases(yaml.SafeDumper):
    """Writes what is there twice out twice."""

    def ignore_aliases(self, data):
        return True


@schemathesis.serializer("application/yaml")
def definition_yaml(ctx, value):
    return value if isinstance(value, bytes) else yaml.dump(value, Dumper=WithoutAliases).encode()
