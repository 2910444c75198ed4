"""As much of a CrossWatch as its Trakt file needs: folders, a version, its own file."""

from pathlib import Path

STOCK = b"# CrossWatch's own provider, first release\nOPS = None\n"
FILE = Path("providers", "sync", "_mod_TRAKT.py")


def standin(folder: Path, version: str | None = "v0.11.3") -> Path:
    """Make it in a folder; without a version it is a checkout that does not say."""
    for name in ("cw_platform/__init__.py", "cw_platform/modules_registry.py", "providers/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_bytes(STOCK)
    (folder / FILE.parent / "__init__.py").write_bytes(b"")
    if version is not None:
        (folder / "VERSION").write_text(version, "utf-8")
    return folder
