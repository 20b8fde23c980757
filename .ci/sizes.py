"""Fails where a function is over 40 lines or a module over 400, unless a comment `# size: REASON` stands in its first lines.

Docstrings and blank lines of a function don't count. Usage: sizes.py FOLDER…
"""

import ast
import sys
from pathlib import Path

FUNCTION_LINES = 40
MODULE_LINES = 400


def counted(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Return the function's lines without its docstring, blank lines and comments."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str)
    start = body[0].end_lineno if documented else function.lineno
    text = lines[(start or 0) : function.end_lineno]
    return sum(1 for line in text if line.strip() and not line.strip().startswith("#"))


def excesses(path: Path) -> list[str]:
    """Return a line for each excess in the module."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    if len(lines) > MODULE_LINES and not any("# size: " in line for line in lines[:5]):
        found.append(f"{path}: {len(lines)} lines, over {MODULE_LINES}: split it by noun, or say why not")
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            excused = any("# size: " in line for line in lines[node.lineno - 1 : node.body[0].lineno + 1])
            if (length := counted(node, lines)) > FUNCTION_LINES and not excused:
                found.append(f"{path}:{node.lineno}: {node.name} has {length} lines, over {FUNCTION_LINES}")
    return found


def main() -> int:
    """Check every module of the folders that the arguments name."""
    paths = [path for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.py")) if "migrations" not in path.parts]
    found = [line for path in paths for line in excesses(path)]
    print("\n".join(found) if found else f"{len(paths)} modules within size")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
