"""The files of the C library: what they export, and what C and C++ make of the header."""

from __future__ import annotations

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from .programs import C_PROGRAMS, REPOSITORY

LIBRARY = C_PROGRAMS.parent
HEADER = REPOSITORY / "proto/c/finishline.h"
INCLUDE = f"-I{HEADER.parent}"


def declared() -> set[str]:
    return set(re.findall(r"^FINISHLINE_API [^;(]*?\b(finishline_\w+)\(", HEADER.read_text(), re.MULTILINE))


def defined(*flags: object) -> set[str]:
    """Names of code and data that a file gives to others."""
    lines = subprocess.run(["nm", "--defined-only", *map(str, flags)], capture_output=True, text=True, check=True).stdout
    return {name.split("@")[0] for kind, name in re.findall(r"^\S+ ([A-Z]) (\S+)$", lines, re.MULTILINE) if kind in "TDB"}


class Files(unittest.TestCase):
    def test_the_shared_library_exports_the_names_of_the_header_and_no_other(self) -> None:
        self.assertGreater(len(declared()), 30)
        self.assertEqual(defined("-D", LIBRARY / "libfinishline.so.0"), declared())

    def test_so_does_the_archive(self) -> None:
        self.assertEqual(defined("-g", LIBRARY / "libfinishline.a"), declared())

    def test_the_shared_library_has_its_name_and_needs_the_runtime_libraries_only(self) -> None:
        said = subprocess.run(["readelf", "-d", LIBRARY / "libfinishline.so"], capture_output=True, text=True, check=True)
        self.assertIn("Library soname: [libfinishline.so.0]", said.stdout)
        needed = set(re.findall(r"\(NEEDED\).*\[([a-z+_-]+)", said.stdout))
        self.assertLessEqual(needed, {"libstdc++", "libc", "libm", "libgcc_s", "ld-linux-x"})

    def test_every_function_stands_in_the_manual_page(self) -> None:
        page = (HEADER.parent / "libfinishline.3").read_text()
        self.assertEqual(set(re.findall(r"^\.Fn (finishline_\w+) ", page, re.MULTILINE)), declared())

    def test_the_header_is_c99_and_any_cplusplus(self) -> None:
        for compiler, standards in (("cc", ("c99", "c11", "c17")), ("c++", ("c++98", "c++11", "c++20"))):
            for standard in standards:
                language = "c" if compiler == "cc" else "c++"
                with self.subTest(standard=standard):
                    subprocess.run([compiler, f"-std={standard}", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", INCLUDE,
                                    "-fsyntax-only", "-include", HEADER, "-x", language, "/dev/null"], check=True)

    def test_a_program_is_linked_with_the_archive_alone(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "version.c"
            source.write_text("#include <finishline.h>\n#include <stdio.h>\n"
                              "int main(void) { return puts(finishline_version()) < 0; }\n")
            program = Path(folder) / "version"
            subprocess.run(["cc", INCLUDE, "-o", program, source, LIBRARY / "libfinishline.a", "-lstdc++", "-lm", "-pthread"],
                           check=True)
            said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        self.assertRegex(said, r"^\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
