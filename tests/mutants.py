"""`python -m tests.mutants`: takes each clause of the gates and of the permissions away, one at a
time, and looks whether a test notices.

The table of who may what (tests/laws/test_table.py) is asked first, through the verbs, in one
process; whatever it does not notice goes to the tests named in SUITES. What nothing notices is
printed as surviving. `COUNTERSIGN_MUTANT=module:number` applies one of them to a run of pytest.
"""

from __future__ import annotations

import ast
import copy
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import django

MODULES = ("reviews.gates", "reviews.permissions")
SUITES = (
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
)
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

    def apply(self) -> CodeType:
        """Puts it in the place of the function; returns what was there."""
        function = getattr(importlib.import_module(self.module), self.function)
        assert isinstance(function, FunctionType)
        before, function.__code__ = function.__code__, self.code
        return before

    def undo(self, before: CodeType) -> None:
        """Puts back what was there."""
        getattr(importlib.import_module(self.module), self.function).__code__ = before

    def __str__(self) -> str:
        return f"{self.module}:{self.number} {self.function}, line {self.line}: {self.what}"


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module's functions, in the order of its lines."""
    source = Path(str(importlib.import_module(module).__file__)).read_text()
    number = 0
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for line, what, changed in _changes(function):
            code = _compiled(changed, module)
            yield Mutant(module, number, function.name, line, what, code)
            number += 1


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


def entered(act: Callable[[], object]) -> dict[str, set[str]]:
    """The names of the functions of each module that are called while something is done."""
    modules = {str(importlib.import_module(name).__file__): name for name in MODULES}
    called: dict[str, set[str]] = {name: set() for name in MODULES}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (module := modules.get(frame.f_code.co_filename)):
            called[module].add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return called


def apply_from_environment() -> None:
    """Applies the mutant that COUNTERSIGN_MUTANT names, in a run of pytest."""
    if wanted := os.environ.get("COUNTERSIGN_MUTANT"):
        module, _, number = wanted.partition(":")
        next(m for m in mutants_of(module) if m.number == int(number)).apply()


def noticed(mutant: Mutant) -> str:
    """The test that notices it, "" for none."""
    environment = {**os.environ, "COUNTERSIGN_MUTANT": f"{mutant.module}:{mutant.number}"}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", *SUITES],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else ""


def main() -> None:
    """Both rounds."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    command = [sys.executable, "-m", "pytest", "-q", "-s", "--long", "-k", "every_clause",
               "tests/laws/test_table.py"]  # fmt: skip
    everyone = {f"{m.module}:{m.number}": m for module in MODULES for m in mutants_of(module)}
    left = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as table:
        assert table.stdout is not None
        for line in table.stdout:
            print(line, end="", flush=True)
            if line.startswith("unnoticed "):
                left.append(everyone[line.split()[1]])
    if table.returncode:
        raise SystemExit("The table itself does not hold.")
    print(f"{len(everyone)} mutants, {len(everyone) - len(left)} noticed by the table", flush=True)
    survivors = 0
    for mutant in left:
        test = noticed(mutant)
        survivors += not test
        print(f"{'noticed by ' + test if test else 'SURVIVES'}: {mutant}", flush=True)
    print(f"{survivors} survive")


if __name__ == "__main__":
    main()
