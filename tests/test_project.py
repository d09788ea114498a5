"""What the project as a whole promises: its layout, its pins, its wheel, its containers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = {"callback": "nanwatch", "monitor": "nanwatch_monitor", "web": "nanwatch_web"}
VENDORED = ("web/nanwatch_web/static/vendor/",)
NOT_WRITTEN_BY_HAND = {"LICENSE", "package-lock.json", "constraints.txt", "server.lock"}
MAX_LINES = 300


def output_of(*command: str | Path) -> str:
    """What a command prints, run in the project's folder; its failure fails the test."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The paths of all files under version control that are still there."""
    return [path for path in output_of("git", "ls-files").splitlines() if (ROOT / path).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel that users install."""
    folder = tmp_path_factory.mktemp("wheel")
    output_of(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    return ZipFile(next(folder.glob("*.whl"))).namelist()


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    """The services of the compose file, by name."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_every_room_of_the_layout_is_there(tracked: list[str]) -> None:
    files = "README.md CHANGELOG.md LICENSE Makefile constraints.txt pyproject.toml .ci/run"
    containers = "Dockerfile docker-compose.yml .dockerignore .env.example"
    assert {*files.split(), *containers.split(), "docs/architecture.md"} - set(tracked) == set()
    rooms = {str(parent) for path in tracked for parent in Path(path).parents}
    tests = {f"tests/{room}" for room in (*PACKAGES, "diagnosis", "whole")}
    packages = {f"{room}/{package}" for room, package in PACKAGES.items()}
    assert (tests | packages) - rooms == set()


def test_a_room_is_no_package_that_could_shadow_a_users_own_module() -> None:
    assert [room for room in PACKAGES if (ROOT / room / "__init__.py").exists()] == []


def test_files_stay_short(tracked: list[str]) -> None:
    own = [path for path in tracked if not path.startswith(VENDORED)]
    texts = {
        path: (ROOT / path).read_bytes()
        for path in own
        if Path(path).name not in NOT_WRITTEN_BY_HAND
    }
    long = [p for p, text in texts.items() if b"\0" not in text and text.count(b"\n") > MAX_LINES]
    assert long == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|(deb|security)[.]debian|docker[.]io"
    machine = r"(^|[^A-Za-z0-9._~-])/(root|work)/[A-Za-z0-9._-]|/opt/(wheels|pypi)"
    files = [".", *(f":!{folder}" for folder in VENDORED)]
    command = ["git", "grep", "-nIE", f"{hosts}|{machine}", "--", *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, ""), found.stderr


@pytest.mark.parametrize(
    ("file", "some"),
    [
        ("constraints.txt", {"keras", "tensorflow", "pytest"}),
        ("constraints-backends.txt", {"jax", "jaxlib", "torch"}),
    ],
)
def test_constraints_are_exact_versions_and_nothing_else(file: str, some: set[str]) -> None:
    lines = (ROOT / file).read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+", line)] == []
    names = [line.split("==")[0] for line in lines]
    assert names == sorted(names)
    assert some <= set(names)


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    listed = re.findall(r"^ +make ([a-z-]+) +\S", output_of("make", "help"), re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())


def test_importing_nanwatch_loads_no_framework_and_no_server() -> None:
    heavy = "keras tensorflow jax torch fastapi starlette uvicorn sqlalchemy alembic plotly pandas"
    code = f"import sys, nanwatch; print(sorted(set('{heavy}'.split()) & set(sys.modules)))"
    assert output_of(sys.executable, "-c", code).strip() == "[]"


def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str], tracked: list[str]) -> None:
    rooms = tuple(f"{room}/{package}/" for room, package in PACKAGES.items())
    shipped = {path.split("/", 1)[1] for path in tracked if path.startswith(rooms)}
    assert shipped - set(wheel) == set()


def test_the_wheel_holds_pages_migrations_and_type_markers(wheel: list[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES.values()} <= set(wheel)
    assert any(re.fullmatch(r"nanwatch_web/.*\.html", name) for name in wheel)
    assert any(re.search(r"^nanwatch_monitor/.*migrations/versions/.*\.py$", n) for n in wheel)


def test_compose_has_a_server_a_database_and_a_demo_that_is_asked_for(services: dict) -> None:
    assert set(services) == {"server", "postgres", "demo"}
    assert [name for name, service in services.items() if "profiles" in service] == ["demo"]
    assert services["demo"]["environment"]["NANWATCH_DEMO_EXIT"] == "1"


@pytest.mark.parametrize("name", ["server", "postgres", "demo"])
def test_containers_are_hardened(name: str, services: dict) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in {"root", "0"}
    assert "privileged" not in service


def test_containers_wait_for_each_others_health(services: dict) -> None:
    for name, needed in (("server", "postgres"), ("demo", "server")):
        assert services[name]["depends_on"][needed] == {"condition": "service_healthy"}
        assert services[needed]["healthcheck"]["test"][0] == "CMD"


def test_compose_publishes_the_server_on_loopback_and_nothing_else(services: dict) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"server": ["127.0.0.1:8777:8777"]}


def test_compose_gives_each_of_several_servers_a_port_of_loopback() -> None:
    class Loader(yaml.SafeLoader):
        """Reads Compose's own tag as what stands behind it."""

    Loader.add_constructor("!override", Loader.construct_sequence)
    more = yaml.load((ROOT / "docker-compose.scale.yml").read_text(), Loader)  # noqa: S506
    assert more == {"services": {"server": {"ports": ["127.0.0.1:8777-8786:8777"]}}}
    assert "docker-compose.scale.yml up" in (ROOT / "docs/docker.md").read_text()


def test_compose_keeps_data_in_named_volumes(services: dict) -> None:
    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["volumes"]
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts} == set(declared)
    assert "/var/lib/postgresql/data" in {mount.split(":")[1] for mount in mounts}


def test_compose_has_no_secret_of_its_own() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert required == {"NANWATCH_TOKEN", "POSTGRES_PASSWORD"}
    assert required <= set(re.findall(r"^([A-Z_]+)=$", (ROOT / ".env.example").read_text(), re.M))


def compose_command() -> list[str] | None:
    """The command that runs Docker Compose here, or None."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            answer = subprocess.run([*command, "version"], capture_output=True, check=False)
            if answer.returncode == 0:
                return command
    return None


@pytest.mark.skipif(compose_command() is None, reason="Docker Compose is not installed")
def test_compose_itself_takes_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NANWATCH_TOKEN", "nw_a_example")
    monkeypatch.setenv("POSTGRES_PASSWORD", "example")
    command = compose_command()
    assert command is not None
    assert "pg_isready" in output_of(*command, "--profile", "demo", "config")


def test_the_images_run_without_root_and_the_server_reports_its_health() -> None:
    runtime = (ROOT / "Dockerfile").read_text().split(" AS runtime\n")[1]
    assert re.findall(r"^USER (.+)$", runtime, re.MULTILINE) == ["10001:10001"]
    assert "/healthz" in runtime.split(" AS server\n")[1].split("HEALTHCHECK")[1]
