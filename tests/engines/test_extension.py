"""Extensions are compiled for real: from the index and from a folder, and no compiler stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlcontainers import BuildFailedError, BuiltImage, Image, build
from tests.engines.containers import output, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETUP = """\
import numpy
from setuptools import Extension, setup

folders = [numpy.get_include()]
setup(
    name="zz-sums",
    version="1.2",
    install_requires=["numpy", "six"],
    ext_modules=[Extension("zz_sums", ["sums.c"], include_dirs=folders)],
)
"""
SOURCE = """\
#include <Python.h>
#include <numpy/arrayobject.h>

static PyObject *sum(PyObject *self, PyObject *given) {
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(given, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    if (array == NULL) return NULL;
    double total = 0;
    for (npy_intp place = 0; place < PyArray_SIZE(array); place++) total += ((double *)PyArray_DATA(array))[place];
    Py_DECREF(array);
    return PyFloat_FromDouble(total);
}

static PyMethodDef methods[] = {{"sum", sum, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "zz_sums", NULL, -1, methods};

PyMODINIT_FUNC PyInit_zz_sums(void) {
    import_array();
    return PyModule_Create(&module);
}
"""
PROGRAM = """\
import crcmod._crcfunext, zz_sums
from crcmod.crcmod import _usingExtension, mkCrcFun
crc = mkCrcFun(0x11021, initCrc=0, xorOut=0)
print(_usingExtension, hex(crc(b"123456789")), zz_sums.sum([1.5, 2.5]))
"""
IMAGE = (
    Image.from_cpu(python="3.11")
    .add_sklearn()
    .add_extension("crcmod", "1.7")
    .add_extension("zz-sums", source="native", build_requires=["numpy", "setuptools"])
)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source of an extension that is compiled against the image's NumPy."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "native").mkdir()
    (folder / "native" / "setup.py").write_text(SETUP, encoding="utf-8")
    (folder / "native" / "sums.c").write_text(SOURCE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(engine: str, context: Path) -> Iterator[BuiltImage]:
    """An image with two of them behind scikit-learn, whose layer others build too."""
    with temporary_tag() as tag:
        yield build(IMAGE, context=context, tags=[tag], host_settings=True)


class TestCompiled:
    """What was compiled is there, and nothing of what compiled it."""

    def test_they_can_be_imported_by_a_user_who_is_not_root(self, built: BuiltImage) -> None:
        said = output(built.tags[0], "python", "-c", PROGRAM, options=["--read-only", "--tmpfs=/tmp"])

        assert said == "True 0x2189 4.0"

    def test_no_compiler_no_source_and_no_wheel_is_left(self, built: BuiltImage) -> None:
        leftovers = "-name '*.whl' -o -name 'sums.c' -o -name 'x86_64-linux-gnu-g*' -o -name make"
        said = output(
            built.tags[0],
            "sh",
            "-c",
            f"find / -xdev -name ensurepip -prune -o \\( {leftovers} \\) -print 2>/dev/null; true",
        )

        assert said == ""

    def test_they_are_small_layers_of_their_own(self, built: BuiltImage) -> None:
        sizes = [layer.size for layer in built.layers if layer.origin.endswith("(extension)")]

        assert len(sizes) == 2
        assert max(sizes) < 2_000_000

    def test_what_is_below_keeps_its_name_too(self, built: BuiltImage) -> None:
        assert "layers[0] (sklearn)" in [layer.origin for layer in built.layers]

    def test_they_are_sealed_as_frameworks_are(self, built: BuiltImage) -> None:
        sealed = output(built.tags[0], "cat", "/etc/python-constraints.txt").split()

        assert {"crcmod==1.7", "zz-sums==1.2"} <= set(sealed)

    def test_the_folder_is_as_it_was(self, built: BuiltImage, context: Path) -> None:
        assert sorted(path.name for path in (context / "native").iterdir()) == ["setup.py", "sums.c"]


def changed(folder: Path, before: str, after: str) -> Path:
    """Another context, in which the C source is a different one."""
    (folder / "native").mkdir()
    (folder / "native" / "setup.py").write_text(SETUP, encoding="utf-8")
    (folder / "native" / "sums.c").write_text(SOURCE.replace(before, after), encoding="utf-8")
    return folder


class TestCompiledAgain:
    """A change in the source is in the next image, or ends the build."""

    def test_under_the_same_version(self, built: BuiltImage, tmp_path: Path) -> None:
        """The installer's cache has a wheel of that name and version from the build before."""
        with temporary_tag() as tag:
            again = build(IMAGE, context=changed(tmp_path, "total = 0", "total = 100"), tags=[tag], host_settings=True)

            assert output(tag, "python", "-c", PROGRAM) == "True 0x2189 104.0"
        first, second = (
            [one for one in image.layers if one.origin == "layers[1] (extension)"] for image in (built, again)
        )
        assert first == second, "the other one is not compiled again"

    def test_a_compiler_that_fails_is_told_with_its_layer(self, built: BuiltImage, tmp_path: Path) -> None:
        with pytest.raises(BuildFailedError) as caught:
            build(IMAGE, context=changed(tmp_path, "Python.h", "Pythn.h"), host_settings=True)

        assert caught.value.problems[0].where == "layers[2] (extension)"
        assert "Pythn.h: No such file or directory" in str(caught.value.log_tail)
