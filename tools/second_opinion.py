"""checkov's opinion of an environment: what it finds in the exported ARM template, beside where it is wrong itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from infra.policy.checkov_table import WRONG
from tools.environments import ROOT, interpreter

# Nothing is fetched and nothing is told to anybody: the checks that came with the package are all there is.
FLAGS = ("--framework", "arm", "--skip-download", "--output", "json", "--quiet", "--soft-fail")


class ScanError(Exception):
    """checkov did not come to an end, or could not read the template."""


def scan(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """The resources that each check fails.

    Raises:
        ScanError: there is no result; checkov's own words.
    """
    command = [str(interpreter("checkov")), "-m", "checkov.main", *FLAGS]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "template.json")
        file.write_text(json.dumps(template))
        quiet = {**os.environ, "HOME": folder, "LOG_LEVEL": "ERROR"}
        done = subprocess.run(
            [*command, "--file", str(file)], env=quiet, cwd=folder, capture_output=True, text=True, check=False
        )
    try:
        told = json.loads(done.stdout)
        summary, failed = told["summary"], told["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError):
        raise ScanError(f"checkov gave no result: {done.stderr.strip()[-500:] or done.stdout[:500]}") from None
    if summary["parsing_errors"] or not summary["passed"]:
        raise ScanError(f"checkov could not read the template: {summary}")
    found: dict[str, list[str]] = defaultdict(list)
    for one in failed:
        found[one["check_id"]].append(f"{one['resource']} ({one['check_name']})")
    return dict(found)


def unexplained(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What of this the table does not call wrong: another check, or a check about another resource."""
    new = {check: [one for one in resources if not _is_wrong(check, one)] for check, resources in found.items()}
    return {check: resources for check, resources in new.items() if resources}


def _is_wrong(check: str, resource: str) -> bool:
    return check in WRONG and fnmatchcase(resource.partition(" ")[0], WRONG[check].of)


def template_of(environment: str) -> dict[str, Any]:
    """The ARM template of an environment's plan."""
    from azlocal.engine.plan import plan
    from azlocal.engine.views.arm import arm_template

    return arm_template(plan(ROOT, environment, preview=False).as_json())


def main(arguments: list[str]) -> int:
    """Compare one environment; 0 where checkov finds nothing but what the table says it is wrong about."""
    environment = arguments[0] if arguments else "prod"
    try:
        found = scan(template_of(environment))
    except ScanError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    new = unexplained(found)
    for check, resources in sorted(new.items()):
        sys.stderr.writelines(f"! {check}: {resource}\n" for resource in resources)
    wrong = len(found.keys() - new.keys())
    sys.stdout.write(f"{environment}: {len(new)} findings of checkov, {wrong} checks that are wrong themselves\n")
    if new:
        sys.stderr.write("hint: mend infra/, or say in infra/policy/checkov_table.py why the check itself is wrong\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
