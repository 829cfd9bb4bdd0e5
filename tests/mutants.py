"""`python -m tests.mutants [MAP]`: takes each clause of the gates and of the permissions away, one
at a time, and looks whether a test notices.

First the tests named in SUITES say which functions they enter (kept in MAP, if that is given); then
each mutant is put to those that enter its function, those that enter little else first. What
nothing notices is printed as surviving. `COUNTERSIGN_MUTANT` = module:number applies one of them to
a run of pytest.
"""

from __future__ import annotations

import ast
import copy
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

import django

MODULES = ("reviews.gates", "reviews.permissions")
SUITES = (
    "tests/reviews/test_gates.py",
    "tests/reviews/test_permissions.py",
    "tests/reviews/test_second_looks.py",
    "tests/laws/test_signed_in_advance.py",
    "tests/laws/test_second_person.py",
    "tests/laws/test_thread_may_move.py",
    "tests/laws/test_fails_closed_and_safety_first.py",
    "tests/laws/test_routes.py",
    "tests/reviews/test_workflow.py",
    "tests/reviews/test_absences.py",
    "tests/reviews/test_claims.py",
    "tests/reviews/test_signposts.py",
    "tests/reviews/test_corrections.py",
    "tests/reviews/test_decisions.py",
    "tests/reviews/test_notices.py",
    "tests/engage/test_rule_profiles.py",
    "tests/pages/test_access.py",
    "tests/pages/test_recalls.py",
    "tests/pages/test_decisions.py",
    "tests/pages/test_writing.py",
    "tests/laws/test_table.py",
)
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header")
SPECIAL = 30  # tests
BOTH = 2  # at a time: one a core
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.LtE: ast.Gt,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One clause that is not what it was."""

    module: str
    number: int
    function: str
    line: int
    what: str
    code: CodeType

    def apply(self) -> None:
        """Puts it in the place of the function."""
        function = getattr(importlib.import_module(self.module), self.function)
        assert isinstance(function, FunctionType)
        function.__code__ = self.code

    def __str__(self) -> str:
        return f"{self.module}:{self.number} {self.function}, line {self.line}: {self.what}"


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module's functions, in the order of its lines."""
    number = 0
    for function in _functions(module):
        for line, what, changed in _changes(function):
            code = _compiled(changed, module)
            yield Mutant(module, number, function.name, line, what, code)
            number += 1


def _functions(module: str) -> list[ast.FunctionDef]:
    source = Path(str(importlib.import_module(module).__file__)).read_text()
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def _compiled(function: ast.FunctionDef, module: str) -> CodeType:
    future = ast.parse("from __future__ import annotations").body
    tree = ast.fix_missing_locations(ast.Module([*future, function], []))
    space: dict[str, FunctionType] = {}
    exec(compile(tree, module, "exec"), space)  # our own source
    return space[function.name].__code__


def _changes(function: ast.FunctionDef) -> Iterator[tuple[int, str, ast.FunctionDef]]:
    for place, node in enumerate(ast.walk(function)):
        for what, new in _instead_of(node):
            changed = copy.deepcopy(function)
            old = list(ast.walk(changed))[place]
            _replace(changed, old, new)
            yield getattr(node, "lineno", function.lineno), what, changed


def _instead_of(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield f"without `{ast.unparse(node)}`", ast.Pass()
    if isinstance(node, ast.Raise):
        yield "does not raise", ast.Pass()
    if isinstance(node, ast.BoolOp):
        for operand in node.values:
            yield f"`{ast.unparse(operand)}` alone", operand
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"`{ast.unparse(node.operand)}` without not", node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        flipped = copy.deepcopy(node)
        flipped.ops = [FLIPPED[type(node.ops[0])]()]
        yield f"`{ast.unparse(flipped)}`", flipped
    if isinstance(node, ast.comprehension) and node.ifs:
        yield (
            f"all, not only `{ast.unparse(node.ifs[0])}`",
            ast.comprehension(node.target, node.iter, [], node.is_async),
        )


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(one is old for one in value):
                setattr(parent, name, [new if one is old else one for one in value])


# Functions that were entered since the last test, as module:function.
ENTERED: set[str] = set()


def watch() -> None:
    """Lets every function of the modules say that it was entered."""
    for module in MODULES:
        for function in _functions(module):
            name = f"{module}:{function.name}"
            call = f"__import__('tests.mutants').mutants.ENTERED.add({name!r})"
            function.body.insert(0, ast.parse(call).body[0])
            getattr(importlib.import_module(module), function.name).__code__ = _compiled(
                function, module
            )


def prepare_from_environment() -> None:
    """In a run of pytest: applies COUNTERSIGN_MUTANT, or watches for COUNTERSIGN_ENTERED."""
    if wanted := os.environ.get("COUNTERSIGN_MUTANT"):
        module, _, number = wanted.partition(":")
        next(m for m in mutants_of(module) if m.number == int(number)).apply()
    elif "COUNTERSIGN_ENTERED" in os.environ:
        watch()


def note(test: str) -> None:
    """Writes down what a test entered, if that is asked for."""
    if file := os.environ.get("COUNTERSIGN_ENTERED"):
        with Path(file).open("a") as lines:
            lines.write(json.dumps([test, sorted(ENTERED)]) + "\n")
        ENTERED.clear()


def tests_by_function(file: Path) -> dict[str, list[str]]:
    """The tests of SUITES that enter each function (as module:function), the most special first."""
    if not file.exists():
        environment = {**os.environ, "COUNTERSIGN_ENTERED": str(file)}
        run = subprocess.run([*PYTEST, *SUITES], env=environment, check=False)
        if run.returncode:
            file.unlink()
            raise SystemExit("The tests do not hold without a mutant.")
    entered: dict[str, list[str]] = {}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for test, functions in sorted(lines, key=lambda line: len(line[1])):
        for function in functions:
            entered.setdefault(function, []).append(test)
    return entered


def noticed(mutant: Mutant, tests: list[str]) -> str:
    """The first of these tests that notices it, "" for none."""
    # pytest-django runs what needs no database last: so the most special ones go alone at first.
    for some in (tests[:SPECIAL], tests[SPECIAL:]):
        if some and (test := _noticed(mutant, some)):
            return test
    return ""


def _noticed(mutant: Mutant, tests: list[str]) -> str:
    environment = {**os.environ, "COUNTERSIGN_MUTANT": f"{mutant.module}:{mutant.number}"}
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(tests))
        file.flush()
        run = subprocess.run(
            [*PYTEST, "-x", f"@{file.name}"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        return failed[0].split(" - ")[0]
    return "" if run.returncode == 0 else f"pytest itself: {run.stdout[-200:]}"


def main() -> None:
    """Maps the tests, then tries every mutant."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    everyone = [mutant for module in MODULES for mutant in mutants_of(module)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/map")
        entered = tests_by_function(file)

    def tried(mutant: Mutant) -> bool:
        test = noticed(mutant, entered.get(f"{mutant.module}:{mutant.function}", []))
        print(f"{'noticed by ' + test if test else 'SURVIVES'}: {mutant}", flush=True)
        return bool(test)

    with ThreadPoolExecutor(BOTH) as pool:
        results = list(pool.map(tried, everyone))
    print(f"{len(results)} mutants, {len(results) - sum(results)} survive")


if __name__ == "__main__":
    main()
