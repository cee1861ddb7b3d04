"""Our own wheel, put together again from what is installed."""

from __future__ import annotations

import zipfile
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from fargate_lab.bundle import own_wheel
from fargate_lab.errors import SurroundingsError

INFO = "fargate_lab-0.1.0.dist-info"
FILES = {
    "fargate_lab/__init__.py": "X = 1\n",
    "labs/Übung.yaml": "id: ü\n",
    f"{INFO}/METADATA": "Metadata-Version: 2.4\nName: fargate-lab\nVersion: 0.1.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": "[console_scripts]\nfargate-lab = fargate_lab.__main__:main\n",
    f"{INFO}/licenses/LICENSE": "Apache\n",
}
ADDED = {
    f"{INFO}/INSTALLER": "pip\n",
    f"{INFO}/REQUESTED": "",
    f"{INFO}/direct_url.json": "{}",
    "fargate_lab/__pycache__/__init__.cpython-311.pyc": "",
    "../../../bin/fargate-lab": "#!/home/somebody/bin/python\n",
}


def install(site: Path) -> Distribution:
    rows = []
    for name, text in {**FILES, **ADDED}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        digest = "" if "__pycache__" in name else f"sha256={own_wheel._encoded(text.encode())}"
        rows.append(f"{name},{digest},{len(text.encode())}")
    rows.append(f"{INFO}/RECORD,,")
    (site / INFO / "RECORD").write_text("\n".join(rows), encoding="utf-8")
    return PathDistribution(site / INFO)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "python3.11" / "site-packages"


def test_the_wheel_holds_what_it_held_and_no_more(site: Path, tmp_path: Path) -> None:
    path = own_wheel.repack(install(site), tmp_path)
    assert path.name == "fargate_lab-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == sorted([*FILES, f"{INFO}/RECORD"])
        assert all(archive.read(name).decode() == text for name, text in FILES.items())
        record = archive.read(f"{INFO}/RECORD").decode().splitlines()
    assert len(record) == len(FILES) + 1
    assert record[-1] == f"{INFO}/RECORD,,"


def test_the_same_files_make_the_same_bytes(site: Path, tmp_path: Path) -> None:
    installed = install(site)
    wheels = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        wheels.append(own_wheel.repack(installed, tmp_path / name).read_bytes())
        (site / "fargate_lab" / "__init__.py").touch()
    assert wheels[0] == wheels[1]


def test_a_file_that_was_changed_or_is_gone(site: Path, tmp_path: Path) -> None:
    installed = install(site)
    (site / "fargate_lab" / "__init__.py").write_text("X = 2\n")
    with pytest.raises(SurroundingsError, match="was changed after it was installed"):
        own_wheel.repack(installed, tmp_path)
    (site / "fargate_lab" / "__init__.py").unlink()
    with pytest.raises(SurroundingsError, match="cannot be read"):
        own_wheel.repack(installed, tmp_path)
    assert not list(tmp_path.glob("*.whl"))


def test_without_record_or_wheel_there_is_nothing_to_pack(site: Path, tmp_path: Path) -> None:
    installed = install(site)
    (site / INFO / "RECORD").write_text(f"{INFO}/METADATA,,\n")
    with pytest.raises(SurroundingsError, match="not installed from a wheel"):
        own_wheel.repack(installed, tmp_path)
    (site / INFO / "RECORD").write_text("")
    with pytest.raises(SurroundingsError, match="no list of its files"):
        own_wheel.repack(installed, tmp_path)


def test_in_a_checkout_the_originals_are_read() -> None:
    root = own_wheel.checkout()
    assert root == Path(__file__).parents[3]
    assert own_wheel.carried("uv.lock") == root / "uv.lock"
