"""The code that a published model carries, so that it runs where emo_hub is not installed.

It is one module, put together from the package's own: the pipeline, and of every module what the
pipeline needs, in the order of their imports. Nothing is written twice, so it cannot answer
otherwise than the package of the same version does.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from emo_hub.version import __version__

FILE = "zero_shot_emotion.py"
PIPELINE = "zero_shot_emotion.ZeroShotEmotionPipeline"
# What AutoConfig and AutoModel load of a model without a transformer, of which they know nothing.
STATIC_CLASSES = {
    "AutoConfig": "zero_shot_emotion.StaticConfig",
    "AutoModel": "zero_shot_emotion.StaticBackbone",
}

_PACKAGE = Path(__file__).parent.parent
_START = ("emo_hub.pipelines.zero_shot", "ZeroShotEmotionPipeline")
# transformers has loaded the encoder when our code begins; adapters and the default stay at home.
_LEFT_OUT = {"EmotionModel": ("load", "from_pretrained")}
_TABLE = re.compile(r'resources\.files\("emo_hub"\)\.joinpath\((.+?)\)\.read_text\([^)]*\)')
_FOR_CHECKERS = re.compile(r"  # (?:noqa|type: ignore)[^\n]*")
_WIDTH = 100

_HEADER = '''"""Zero-shot emotion: rate how much a text expresses each of the labels that you type.

    from transformers import pipeline
    clf = pipeline("zero-shot-emotion", model="...", trust_remote_code={trust})
    clf("You kept it all this time.", candidate_labels=["touched", "angry"])

Written by emo_hub {version} from its own modules, each named where its part begins, for whoever
has torch and transformers alone; with emo_hub installed it is not run. Please change it there.
What is not here: the default model and adapters, which ship with emo_hub (pip install emo-hub).

Licence: Apache-2.0.
"""
'''

Key = tuple[str, str]


def carried_module() -> str:
    """Write the module.

    Raises:
        ValueError: the package's modules cannot become one, since two call different things by one
            name, or one imports another within a function.
    """
    sources: dict[str, _Source] = {}
    wanted = _reached(_START, sources)
    ordered = [sources[name] for name in _in_order(_START[0], sources)]
    body = "\n\n\n".join(part for source in ordered if (part := _part(source, wanted)))
    body, tables = _with_tables(body)
    imports = _imports(ordered, {name for _, name in wanted}, body)
    header = _HEADER.format(version=__version__, trust=True)
    return f"{header}\nfrom __future__ import annotations\n\n{imports}\n\n{body}\n\n\n{tables}"


class _Source:
    """A module of the package, read and not run."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = _PACKAGE.parent.joinpath(*name.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        text = file.read_text(encoding="utf-8")
        self.lines = text.splitlines()
        self.tree = ast.parse(text)
        self.statements = {name: node for node in self.tree.body for name in _defined(node)}
        self.imported = dict(_imported(self.tree))

    def needs(self, node: ast.stmt) -> Iterator[Key]:
        """List what of the package a statement uses."""
        skipped = {id(inner) for method in _left_out(node) for inner in ast.walk(method)}
        for inner in ast.walk(node):
            if id(inner) in skipped:
                continue
            if isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("emo_hub"):
                raise ValueError(f"{self.name} imports {inner.module} within a function.")
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
                module, name = self.imported.get(inner.value.id, ("", ""))
                if _is_ours(module) and not name:
                    yield module, inner.attr
            elif isinstance(inner, ast.Name):
                module, name = self.imported.get(inner.id, ("", ""))
                if inner.id in self.statements:
                    yield self.name, inner.id
                elif _is_ours(module) and name:
                    yield module, name


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "emo_hub"


def _imported(tree: ast.Module) -> Iterator[tuple[str, Key]]:
    """Give module and name behind each imported name; no name where it is a module itself."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, (alias.name, "")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            module = node.module or ""
            for alias in node.names:
                is_module = module == "emo_hub" and (_PACKAGE / f"{alias.name}.py").is_file()
                key = (f"{module}.{alias.name}", "") if is_module else (module, alias.name)
                yield alias.asname or alias.name, key


def _left_out(node: ast.stmt) -> list[ast.FunctionDef]:
    """List the methods of a class that are not carried."""
    if not isinstance(node, ast.ClassDef):
        return []
    names = _LEFT_OUT.get(node.name, ())
    return [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name in names]


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _reached(start: Key, sources: dict[str, _Source]) -> set[Key]:
    """Follow names from the pipeline to all that it needs, and read the modules on the way."""
    found: set[Key] = set()
    owners: dict[str, str] = {}
    waiting = [start]
    while waiting:
        module, name = waiting.pop()
        if module not in sources:
            sources[module] = _Source(module)
        source = sources[module]
        if name not in source.statements:
            waiting.append(source.imported[name])
        elif (module, name) not in found:
            found.add((module, name))
            if owners.setdefault(name, module) != module:
                raise ValueError(f"{module} and {owners[name]} both have a {name}: rename one.")
            waiting += source.needs(source.statements[name])
    return found


def _in_order(start: str, sources: Mapping[str, _Source]) -> list[str]:
    """Put modules after those that they import."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in sources and name not in done:
            for module, _ in sources[name].imported.values():
                visit(module)
            done[name] = None

    visit(start)
    return list(done)


def _part(source: _Source, wanted: set[Key]) -> str:
    """Write what is wanted of one module, under its name and the first words of its docstring."""
    names = {name for module, name in wanted if module == source.name}
    about = (ast.get_docstring(source.tree) or "").split("\n\n")[0].replace("\n", " ")
    title = f"{source.name.replace('.', '/')}: {about}"
    text = textwrap.fill(title, _WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"
    last: ast.stmt | None = None
    for node in source.tree.body:
        if names.intersection(_defined(node)) or _registers(node, names):
            is_long = any(isinstance(n, ast.ClassDef | ast.FunctionDef) for n in (last, node))
            text += "\n" * (3 if last is not None and is_long else 2 if is_long else 1)
            text += _written(source, node)
            last = node
    return text if last is not None else ""


def _registers(node: ast.stmt, names: set[str]) -> bool:
    """Say whether a statement of the top level does something with what is carried."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    used = {argument.id for argument in node.value.args if isinstance(argument, ast.Name)}
    return bool(used) and used <= names


def _written(source: _Source, node: ast.stmt) -> str:
    """Copy a statement with the comment above it."""
    first = _first_line(node)
    while first > 1 and source.lines[first - 2].startswith("#"):
        first -= 1
    gone: set[int] = set()
    for method in _left_out(node):
        gone.update(range(_first_line(method), (method.end_lineno or 0) + 2))
    kept = [
        source.lines[number - 1]
        for number in range(first, (node.end_lineno or first) + 1)
        if number not in gone
    ]
    text = _FOR_CHECKERS.sub("", "\n".join(kept))
    for local, (module, name) in source.imported.items():
        if _is_ours(module) and not name:
            text = re.sub(rf"\b{local}\.(?=\w)", "", text)
    return text


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _imports(ordered: Iterable[_Source], carried: set[str], body: str) -> str:
    """Write the imports of other packages that are still used."""
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    keys: dict[str, Key] = {}
    for source in ordered:
        for local, key in source.imported.items():
            if _is_ours(key[0]) or local not in used:
                continue
            if local in carried or keys.setdefault(local, key) != key:
                raise ValueError(f"{source.name} imports {local}, which is something else too.")
    groups: tuple[set[str], set[str]] = (set(), set())
    froms: dict[str, set[str]] = {}
    for local, (module, name) in keys.items():
        if name:
            froms.setdefault(module, set()).add(name if name == local else f"{name} as {local}")
        else:
            line = f"import {module}" + (f" as {local}" if local != module else "")
            groups[not _is_standard(module)].add(line)
    for module, names in froms.items():
        groups[not _is_standard(module)].add(_from_line(module, sorted(names)))
    # Plain imports come first, as in the package.
    ordered_groups = [sorted(group, key=lambda line: (line[0] == "f", line)) for group in groups]
    return "\n\n".join("\n".join(group) for group in ordered_groups)


def _is_standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def _from_line(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _with_tables(body: str) -> tuple[str, str]:
    """Have tables read from the module itself, and write those that it names."""
    body = _TABLE.sub(r"_TABLES[\1]", body)
    entries = ""
    for path in sorted(_PACKAGE.glob("*.toml")):
        if f'"{path.name}"' in body:
            text = path.read_text(encoding="utf-8")
            if "'''" in text:
                raise ValueError(f"{path.name} has three quotes in a row, which would end it.")
            entries += f"    \"{path.name}\": r'''\n{text}''',\n"
    return body, f"_TABLES = {{\n{entries}}}\n"
