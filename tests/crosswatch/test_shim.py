"""The file that stands in CrossWatch: it hands on our provider, and breaks nothing if that cannot be.

Each test imports it as CrossWatch does, in a process of its own, over a stand-in for our adapter.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from crosswatch_trakt.adapters import crosswatch as ours
from crosswatch_trakt.adapters.crosswatch import installing, shim
from crosswatch_trakt.adapters.crosswatch.health import answer
from tests.crosswatch.standin import FILE, standin
from tests.docs.pages import ROOT

OURS = """
class Ops:
    ctx = None
class TRAKTClient:
    def connect(self): return "connected"
class TRAKTModule:
    def __init__(self, cfg, *, connect=True): self.client = TRAKTClient().connect()
OPS, TRAKTConfig, AUTH_TRAKT, __VERSION__, _FEATURES, ctx = Ops(), dict, None, "1.0", {"history": 1}, None
def get_manifest(): return {}
def _confirmed_keys(*_): return []
"""
ASKED = """
import json
import providers.sync._mod_TRAKT as mod
def fails(call, *args, **named):
    try:
        call(*args, **named)
    except RuntimeError as error:
        return str(error)
ops, view = mod.OPS, {"trakt": {"client_id": "id", "access_token": "token"}}
print(json.dumps({
    "name": ops.name(), "label": ops.label(), "features": ops.features(), "capabilities": ops.capabilities(),
    "configured": [ops.is_configured({}), ops.is_configured(view)],
    "health": [ops.health(view), ops.health(view, emit=print)],
    "raised": [
        fails(ops.build_index, view, feature="history"), fails(ops.add, view, [{}], feature="history"),
        fails(ops.remove, view, [{}], feature="history", dry_run=True), fails(mod.TRAKTModule, view),
        fails(mod.TRAKTModule, view, connect=False), fails(mod.TRAKTClient, None, view),
    ],
    "manifest": mod.get_manifest(), "supported": mod.TRAKTModule.supported_features(),
    "names": [name for name in ("TRAKTConfig", "AUTH_TRAKT", "_FEATURES", "ctx") if hasattr(mod, name)],
    "module": type(ops).__module__, "confirmed": mod._confirmed_keys(str, [{}], []),
    "version": mod.__VERSION__,
}))
"""
THREE = {"watchlist", "ratings", "history"}
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


class Host:
    """A CrossWatch with our file in it, and a place where Python finds our package."""

    def __init__(self, folder: Path, version: str | None = "v0.11.3", venv: str = "") -> None:
        self.folder = standin(folder / "app", version)
        self.package = folder / "package"
        (self.folder / FILE).write_bytes(installing.source(venv))

    def offer(self, text: str, place: Path | None = None) -> None:
        """Let this be our adapter."""
        folder = (place or self.package) / "crosswatch_trakt" / "adapters" / "crosswatch"
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder.parents[1], folder.parent, folder):
            (path / "__init__.py").write_text("")
        (folder / "__init__.py").write_text(text)

    def run(self, code: str, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run code as CrossWatch would; gives what it left."""
        paths = (self.folder, self.folder / "providers", self.package)
        return subprocess.run(
            [sys.executable, "-W", "error", *flags, "-c", code],
            env={"PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, code: str, *flags: str, **environment: str) -> tuple[list[str], Any]:
        """The lines that were logged, and what the code printed last, decoded."""
        ran = self.run(code, *flags, **environment)
        assert (ran.returncode, ran.stderr) == (0, "")
        *logged, printed = ran.stdout.splitlines()
        return logged, json.loads(printed)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    made.offer(OURS)
    return made


# --- our package can be used


def test_it_hands_on_the_names_of_our_adapter(host: Host) -> None:
    logged, same = host.ask(
        f"""
import json, providers.sync._mod_TRAKT as mod, crosswatch_trakt.adapters.crosswatch as ours
print(json.dumps([name for name in {shim.NAMES} if getattr(mod, name) is getattr(ours, name)]))
"""
    )

    assert logged == []
    assert same == list(shim.NAMES)


def test_it_can_be_imported_under_the_name_that_crosswatchs_tests_use_and_patched(host: Host) -> None:
    """They replace `TRAKTClient.connect` and entries of `_FEATURES`; the engine sets `ctx`."""
    _, found = host.ask(
        """
import json, sync._mod_TRAKT as short, providers.sync._mod_TRAKT as full
short.TRAKTClient.connect = lambda self: "patched"
short._FEATURES["history"] = 2
full.ctx = "given"
print(json.dumps([short.TRAKTModule({}).client, full._FEATURES["history"], full.ctx, full.OPS is short.OPS]))
"""
    )

    assert found == ["patched", 2, "given", True]


def test_it_imports_nothing_that_is_needed_only_later(host: Host) -> None:
    _, loaded = host.ask(
        f"""
import json, sys, providers.sync._mod_TRAKT
print(json.dumps([name for name in {shim.NEEDED} if name in sys.modules]))
"""
    )

    assert loaded == []


# --- it cannot


BROKEN: Mapping[str, tuple[str | None, Sequence[str], str]] = {  # what our adapter is, flags, the reason
    "no package": (None, ["-S"], "ModuleNotFoundError: No module named 'crosswatch_trakt'"),
    "no dependencies": (OURS, ["-S"], "ModuleNotFoundError: No module named 'dependency_injector'"),
    "a dependency that is broken": ("raise OSError('wrong ELF class')", [], "OSError: wrong ELF class"),
    "a syntax of another Python": ("match match:\n  case = =", [], "SyntaxError"),
    "a name that is missing": ("OPS = None", [], "AttributeError: module"),
    "an exit": ("raise SystemExit(3)", [], "SystemExit: 3"),
    "a deep end": ("def f(): f()\nf()", [], "RecursionError"),
    "many lines": ("raise ValueError('a\\nb \"c\"' * 999)", [], "ValueError: a b"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_package_that_cannot_be_used_is_a_provider_that_is_down(tmp_path: Path, kind: str) -> None:
    """Nothing is read or written, and CrossWatch and its other providers go on."""
    text, flags, why = BROKEN[kind]
    host = Host(tmp_path)
    if text is not None:
        host.offer(text)
    [line], said = host.ask(ASKED, *flags)

    assert line.startswith('[TRAKT:import] ERROR provider_down reason="crosswatch-trakt cannot be used (')
    reason = json.loads(line.partition("reason=")[2])
    assert why in reason
    assert "Nothing is read from Trakt or written to it." in reason
    assert re.search(r"Install crosswatch-trakt for \S+ anew, then restart CrossWatch", reason)
    assert len(reason) < 700
    check_down(said, reason)


def check_down(said: Any, reason: str) -> None:
    """Everything that CrossWatch asks of a provider that is down."""
    assert (said["name"], said["label"], said["version"]) == ("TRAKT", "Trakt", shim.VERSION)
    assert {name for name, on in said["features"].items() if on} == THREE
    assert said["supported"] == said["features"] == said["manifest"]["features"]
    assert said["capabilities"] == said["manifest"]["capabilities"]
    assert said["capabilities"]["index_semantics"] == "present"
    assert said["manifest"].keys() == {
        *("name", "label", "version", "type", "bidirectional", "features", "requires", "capabilities")
    }
    assert said["configured"] == [False, True]
    for health in said["health"]:
        assert (health["ok"], health["status"], health["details"]) == (False, "down", {"reason": reason})
        assert health["features"] == dict.fromkeys(said["features"], False)
        assert all(value is None or isinstance(value, dict) for value in health["api"].values())
    assert said["raised"] == [reason] * 6
    assert said["names"] == ["TRAKTConfig", "AUTH_TRAKT", "_FEATURES", "ctx"]
    assert said["module"] == "providers.sync._mod_TRAKT", "where the engine sets ctx"
    assert said["confirmed"] == []


def test_the_one_line_is_written_by_crosswatchs_own_hand_where_there_is_one(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.offer("raise ImportError")
    log = host.folder / FILE.parent / "_log.py"
    log.write_text("def log(p, f, level, msg, **fields): print('own', p, f, level, msg, *fields)")
    own, _ = host.ask(ASKED)
    log.write_text("def log(p, f, level, msg, **fields): raise ValueError")
    plain, _ = host.ask(ASKED)

    assert own == ["own TRAKT import error provider_down reason"]
    assert len(plain) == 1


def test_a_stdout_that_is_closed_breaks_nothing(tmp_path: Path) -> None:
    host = Host(tmp_path)
    ran = host.run(
        "import sys; sys.stdout.close(); import providers.sync._mod_TRAKT as mod; mod.OPS.features()"
    )

    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_interruption_is_not_taken_for_a_broken_package(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.offer("raise KeyboardInterrupt")

    assert "KeyboardInterrupt" in host.run("import providers.sync._mod_TRAKT").stderr


def test_down_it_offers_what_our_adapter_offers() -> None:
    assert shim.manifest() == ours.get_manifest()
    assert (shim.offered(), shim.capabilities()) == (ours.OPS.features(), ours.OPS.capabilities())
    view = {"trakt": {"client_id": "id", "access_token": "token"}}
    down = shim.Down("reason")
    assert [down.is_configured(one) for one in ({}, view)] == [
        ours.OPS.is_configured(one) for one in ({}, view)
    ]
    assert down.health(view).keys() == answer("down").keys()
    assert down.health(view)["features"] == answer("down")["features"]


def test_our_adapter_has_the_names() -> None:
    assert shim.adapter().keys() == {*shim.NAMES, "AUTH_TRAKT"}


# --- an environment of its own


def test_what_lies_in_the_environment_stands_behind_what_crosswatch_has(tmp_path: Path) -> None:
    venv = tmp_path / 'it\'s a "place"'
    host = Host(tmp_path, venv=str(venv))
    host.offer(OURS, venv / SITE)
    (venv / SITE / "both.py").write_text("place = 'environment'")
    (host.folder / "both.py").write_text("place = 'CrossWatch'")
    logged, found = host.ask(
        """
import json, providers.sync._mod_TRAKT as mod, both, crosswatch_trakt
print(json.dumps([both.place, mod.__VERSION__, crosswatch_trakt.__file__]))
"""
    )

    assert logged == []
    assert found == ["CrossWatch", "1.0", str(venv / SITE / "crosswatch_trakt" / "__init__.py")]


@pytest.mark.parametrize("folder", ["lib/python3.2/site-packages", "bin"])
def test_an_environment_of_another_python_is_named(tmp_path: Path, folder: str) -> None:
    venv = tmp_path / "venv"
    (venv / folder).mkdir(parents=True)
    [line], said = Host(tmp_path, venv=str(venv)).ask(ASKED)
    reason = json.loads(line.partition("reason=")[2])

    assert f"there is no {venv / SITE}" in reason
    assert f"Make the virtual environment {venv} anew with this Python" in reason
    check_down(said, reason)


# --- versions


@pytest.mark.parametrize(
    ("version", "tested"),
    [
        ("0.11.2", False),
        ("0.11.3", True),
        ("v0.11.4-beta", True),
        ("v0.12", True),
        ("0.13.99", True),
        ("0.14.0", False),
        ("1.0.0", False),
        ("nightly", False),
    ],
)
def test_an_untested_crosswatch_is_said_once_and_used(tmp_path: Path, version: str, tested: bool) -> None:
    host = Host(tmp_path, version)
    host.offer(OURS)
    logged, used = host.ask("import providers.sync._mod_TRAKT as mod; print(int(mod.OPS is not None))")

    assert shim.is_tested(version) is tested
    assert used == 1
    if tested:
        assert logged == []
    else:
        [line] = logged
        assert line.startswith(f'[TRAKT:import] WARN host_untested crosswatch={version.lstrip("v")} tested="')
        assert '"0.11.3 to 0.13"' in line


SAYS = 'FALLBACK_VERSION = "v0.1{}.7"\n'


def test_the_version_is_the_images_stamp_then_the_environments_then_what_the_source_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APP_VERSION", raising=False)
    host = standin(tmp_path / "app", version=None)
    assert shim.host_version(host) is None
    (host / "api").mkdir()
    (host / "api" / "versionAPI.py").write_text(f"# old\n{SAYS.format(1)}")
    assert shim.host_version(host) == "0.11.7"
    (host / "cw_platform" / "app_version.py").write_text(SAYS.format(3))
    assert shim.host_version(host) == "0.13.7"
    monkeypatch.setenv("APP_VERSION", "v0.0.0")
    assert shim.host_version(host) == "0.13.7"
    monkeypatch.setenv("APP_VERSION", "0.12.1")
    assert shim.host_version(host) == "0.12.1"
    (host / "VERSION").write_bytes(b"v0.12.2\n")
    assert shim.host_version(host) == "0.12.2"


def test_a_file_that_lies_elsewhere_finds_crosswatch_by_its_packages(tmp_path: Path) -> None:
    """As with the hook of docs/crosswatch.md: nothing in CrossWatch's folder is replaced."""
    host = Host(tmp_path, "0.99")
    host.offer(OURS)
    listings = re.findall(
        r"^```py\n(.*?)^```$", (ROOT / "docs/crosswatch.md").read_text("utf-8"), re.M | re.S
    )
    [hook] = [listing for listing in listings if "find_spec" in listing]
    elsewhere = tmp_path / "hook"
    elsewhere.mkdir()
    (elsewhere / "sitecustomize.py").write_text(hook)
    (host.folder / FILE).rename(elsewhere / FILE.name)
    stock = "OPS = 'stock'"
    (host.folder / FILE).write_text(stock)
    paths = ":".join(map(str, (host.folder, elsewhere, host.package)))
    [line], found = host.ask(
        """
import json, providers.sync._mod_TRAKT as mod, cw_platform.modules_registry
print(json.dumps([mod.__file__, mod.__VERSION__]))
""",
        PYTHONPATH=paths,
    )

    assert found == [str(elsewhere / FILE.name), "1.0"]
    assert "host_untested crosswatch=0.99" in line
    assert (host.folder / FILE).read_text() == stock


# --- the file itself


def test_it_needs_nothing_but_python() -> None:
    tree = ast.parse(installing.source(), feature_version=(3, 8))  # an older one still says what is wrong
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    from_where = {(node.level, node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {level for level, _ in from_where} == {0}, "CrossWatch's tests import it as `sync._mod_TRAKT`, too"
    names = {str(name).split(".")[0] for name in imported | {module for _, module in from_where}}
    assert names <= sys.stdlib_module_names


def test_it_knows_what_our_package_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split(r"[<>=]", one)[0].replace("-", "_") for one in project["dependencies"]}

    assert set(shim.NEEDED) == needed - {"rich", "typer"}, "of the command line"


def test_as_a_module_of_ours_it_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert not hasattr(shim, "OPS")
    assert capsys.readouterr().out == ""
