"""What the code never does, read from its source: no code from data, no shell, no markup."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ROOMS = ("callback/nanwatch", "monitor/nanwatch_monitor", "web/nanwatch_web")
FORBIDDEN_IMPORTS = {
    "pickle",
    "cPickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "yaml",
    "multipart",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "mktemp"}


def sources():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def nodes():
    """Each import and call in the code that users run, with its file."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call, ast.keyword)
    walks = ((name, ast.walk(tree)) for name, tree in sources())
    return [(name, node) for name, walk in walks for node in walk if isinstance(node, kinds)]


def imported(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module.split(".")[0]}
    return set()


def called(node):
    """The last word of what a call calls; of a method only when its owner is a module."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        return node.func.id
    owner = getattr(node.func, "value", None)
    is_os = isinstance(owner, ast.Name) and owner.id in ("os", "builtins", "tempfile")
    return node.func.attr if is_os else None


def test_nothing_that_makes_code_of_data_is_imported(nodes):
    found = {(name, one) for name, node in nodes for one in imported(node) & FORBIDDEN_IMPORTS}
    assert found == set()


def test_nothing_evaluates_text_or_asks_a_shell(nodes):
    found = {(name, called(node)) for name, node in nodes if called(node) in FORBIDDEN_CALLS}
    assert found == set()  # a user's script is run by runpy, because that was asked for
    shells = [
        name
        for name, node in nodes
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]  # fmt: skip
    assert shells == []


def test_numpy_reads_no_pickled_arrays(nodes):
    calls = [
        (name, node)
        for name, node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "load"
        and getattr(getattr(node.func, "value", None), "id", "") == "np"
    ]  # fmt: skip
    for name, node in calls:
        allowed = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert allowed.get("allow_pickle", "False") == "False", name


def test_pages_write_text_and_never_markup():
    scripts = [
        path
        for path in (ROOT / "web/nanwatch_web/static").rglob("*.js")
        if "vendor" not in path.parts
    ]
    assert scripts
    never = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:"
    )
    found = [str(path) for path in scripts if re.search(never, path.read_text(encoding="utf-8"))]
    assert found == []


def test_pages_hold_no_script_or_style_of_their_own():
    pages = list((ROOT / "web/nanwatch_web").rglob("*.html"))
    assert pages
    inline = r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle="
    assert [
        str(page) for page in pages if re.search(inline, page.read_text(encoding="utf-8"))
    ] == []


def test_the_server_takes_no_forms():
    """Multipart parsers have had more holes than all else here; JSON does."""
    pinned = (ROOT / "constraints.txt").read_text()
    assert "multipart" not in pinned
    code = "import sys, nanwatch_monitor.app; print('multipart' in str(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_images_are_hardened():
    text = (ROOT / "Dockerfile").read_text()
    runtime = text.split(" AS runtime\n")[1]
    assert "--shell /usr/sbin/nologin" in runtime
    assert "mode=0700 /data" in runtime
    assert not re.search(r"^(ADD|COPY) .*(\.env|token)", text, re.MULTILINE)
    assert not re.search(r"curl|wget|apt-get|chmod 777|sudo", text)
    for service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values():
        assert service["tmpfs"]
        assert not {"network_mode", "pid", "ipc", "cap_add", "devices"} & set(service)
        assert not any("docker.sock" in str(mount) for mount in service.get("volumes", []))


def test_the_lock_holds_the_pinned_versions_with_hashes_and_nothing_else():
    text = (ROOT / "server.lock").read_text().replace("\\\n", " ")
    line = re.compile(r"(\S+)==(\S+)( ; [^-]+?)?((?: +--hash=sha256:[0-9a-f]{64})+)")
    found = [line.fullmatch(one.strip()) for one in text.splitlines()]
    assert all(found)
    pinned = set((ROOT / "constraints.txt").read_text().splitlines())
    locked = {f"{one[1].partition('[')[0]}=={one[2]}" for one in found}
    elsewhere = {one for one in locked if one.split("==")[0] in {"colorama", "tzdata"}}  # Windows
    assert locked - elsewhere <= pinned
    assert {one.split("==")[0] for one in locked} >= {"fastapi", "msgspec", "psycopg", "uvicorn"}
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text()


def test_each_security_requirement_names_tests_that_are_there():
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (R\d+) \|.*$", text, re.MULTILINE)
    assert rows == [f"R{number}" for number in range(1, 19)]
    for line in re.findall(r"^\| R\d+ \|.*$", text, re.MULTILINE):
        file = ""
        for path, name in re.findall(r"`(tests/[\w/.]+)?::(\w+)`", line):
            file = path or file
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
        assert file, line
