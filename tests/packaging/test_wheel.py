"""The wheel: what an installation gets is the whole package, and nothing beside it."""

import importlib
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import crosswatch_trakt

ROOT = Path(crosswatch_trakt.__file__).parent
SOURCE = ("domain", "application", "adapters")


def test_the_wheel_holds_every_module_and_none_besides(tmp_path: Path) -> None:
    """Built from a copy: a stale `build/lib` would keep modules that are gone."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info"))
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(copy)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    sources = [path for folder in SOURCE for path in (ROOT / folder).rglob("*.py")]
    modules = [*sources, ROOT / "__init__.py", ROOT / "__main__.py", ROOT / "py.typed"]
    assert names == {f"crosswatch_trakt/{path.relative_to(ROOT).as_posix()}" for path in modules}


def test_every_module_can_be_imported() -> None:
    for folder in SOURCE:
        for module in pkgutil.walk_packages([str(ROOT / folder)], f"crosswatch_trakt.{folder}."):
            importlib.import_module(module.name)
