"""A running service answers as its OpenAPI document says: check_service.py DOCUMENT URL

Sends valid and invalid requests of a fixed seed. From the environment: TOKEN, where it is set, goes
with each of them; OPPORTUNITY is the id of one that there is; MAX_EXAMPLES (10) is how many requests
are made up for each operation."""

import os
import pathlib
import subprocess
import sys
import tempfile

document, url = sys.argv[1:]
folder = pathlib.Path(__file__).resolve().parent
token = os.environ.get("TOKEN")
command = [
    pathlib.Path(sys.prefix, "bin", "schemathesis"),
    f"--config-file={folder / 'schemathesis.toml'}",
    "run",
    pathlib.Path(document).resolve(),
    f"--url={url}",
    "--seed=1",
    f"--max-examples={os.environ.get('MAX_EXAMPLES', '10')}",
    # Without a token every answer is the same: what is made up or combined teaches nothing.
    f"--phases={'examples,coverage,fuzzing,stateful' if token else 'coverage'}",
    f"--mode={'all' if token else 'positive'}",
    "--generation-database=none",
    "--request-timeout=30",
    "--warnings=off",
]
if token:
    command.append(f"--header=Authorization: Bearer {token}")
nowhere = "01936f3e-7c00-7000-8000-000000000001"
environment = {"OPPORTUNITY": nowhere} | os.environ | {"SCHEMATHESIS_HOOKS": folder / "hooks.py"}
with tempfile.TemporaryDirectory() as scratch:
    sys.exit(subprocess.run(command, env=environment, cwd=scratch, check=False).returncode)
