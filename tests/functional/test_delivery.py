"""What is shipped is whole and works where it is installed, with nothing of the checkout in reach."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "core", "widgets")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIPX", "PIP_"))}
QUIET = ("--quiet", "--no-deps", "--no-index", "--no-compile")


def _run(*command: str | Path, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**CLEAN, "NO_COLOR": "1", **extra},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _good(*command: str | Path, cwd: Path, **extra: str) -> str:
    done = _run(*command, cwd=cwd, **extra)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the unpacked sdist, as `python -m build` does: what the sdist lacks, the wheel lacks."""
    folder = tmp_path_factory.mktemp("dist")
    hatch = (sys.executable, "-m", "hatchling", "build", "-d", folder)
    _good(*hatch, "-t", "sdist", cwd=ROOT)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    [source] = (path for path in folder.iterdir() if path.is_dir())
    _good(*hatch, "-t", "wheel", cwd=source)
    [built] = folder.glob("*.whl")
    return built


def _tree(root: Path, folders: tuple[str, ...]) -> set[str]:
    """Every file below `folders` of `root` that nobody made by running something."""
    made = root / "docs" / "calibration"
    return {
        path.relative_to(root).as_posix()
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and made not in path.parents
    }


def test_the_sdist_holds_the_source_its_tests_and_its_documents(wheel: Path) -> None:
    [source] = (path for path in wheel.parent.iterdir() if path.is_dir())
    loose = {"Makefile", "config.toml", "constraints.txt", "pyproject.toml", "LICENSE"}
    loose |= {path.name for path in ROOT.glob("*.md")}
    shipped = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert shipped >= _tree(ROOT, (*PACKAGES, "tests", "docs", "benchmarks")) | loose
    assert not list(source.rglob("__pycache__"))


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
        shipped = opened.read("core/config/config.toml")
    assert names == _tree(ROOT, PACKAGES)
    assert any(name.endswith(".tcss") for name in names)
    assert shipped == (ROOT / "config.toml").read_bytes()


def test_installed_with_pip_it_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """A new environment with this wheel alone; the libraries it asks for are read from where they are."""
    home = tmp_path / "env"
    _good(sys.executable, "-m", "venv", "--without-pip", home, cwd=tmp_path)
    pip = (sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install")
    _good(*pip, *QUIET, wheel, cwd=tmp_path)
    [packages] = home.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    program, place = home / "bin" / "ppo-console", tmp_path / "week9"

    assert _good(program, "--version", cwd=tmp_path).startswith("ppo-console 0.")
    assert "config.toml" not in _good(program, "init", place, cwd=tmp_path)
    assert (place / "config.toml").read_bytes() == (ROOT / "config.toml").read_bytes()
    status = _run(program, "status", cwd=place)
    assert (status.returncode, "ABSENT" in status.stdout) == (10, True), status.stderr
    where = _good(home / "bin" / "python", "-c", "import core; print(core.__file__)", cwd=place)
    assert where.startswith(str(packages))
    environment = {"PYTHONPATH": "", "PATH": os.environ["PATH"]}
    with Terminal((str(program),), (80, 24), folder=place, extra=environment) as terminal:
        assert terminal.wait_text("no run here yet", 30) is not None, terminal.screen.text()

    script = (
        'eval "$(_PPO_CONSOLE_COMPLETE=source_bash ppo-console)"; COMP_WORDS=(ppo-console sta); COMP_CWORD=1'
    )
    ask = f'{script}; _ppo_console_completion ppo-console; echo "${{COMPREPLY[@]}}"'
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    assert _good("bash", "-c", ask, cwd=place, PATH=path).split() == ["status", "standup"]


def test_installed_with_pipx_it_is_on_the_path(wheel: Path, tmp_path: Path) -> None:
    """pipx asks for the metadata of every dependency; it finds them beside the pip that it shares."""
    home, bin_ = tmp_path / "pipx", tmp_path / "bin"
    _good(sys.executable, "-m", "venv", "--without-pip", home / "shared", cwd=tmp_path)
    (home / "shared" / "bin" / "pip").touch()
    [shared] = home.glob("shared/lib/python*/site-packages")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.suffix != ".pth" and not entry.name.startswith(("ppo_console", "__editable__")):
            (shared / entry.name).symlink_to(entry)
    folders = {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(bin_), "PIPX_MAN_DIR": str(tmp_path / "man")}
    pipx = (sys.executable, "-m", "pipx", "install", "--quiet", f"--pip-args={' '.join(QUIET)}")
    _good(*pipx, wheel, cwd=tmp_path, **folders)
    assert _good(bin_ / "ppo-console", "--version", cwd=tmp_path).startswith("ppo-console 0.")
