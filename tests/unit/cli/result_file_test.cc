#include "lb/cli/result_file.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace finishline::cli;
using finishline::test::TempDir;

TEST_CASE("what a file says is shown without control characters, and what cannot be written says why") {
  CHECK(for_terminal("a\033[31mb\x7f") == "a\\x1b[31mb\\x7f");
  CHECK(for_terminal(std::string(300, 'x')) == std::string(200, 'x') + "...");
  const TempDir dir;
  CHECK(write_output(dir.file("out"), "text").empty());
  CHECK(dir.read("out") == "text");
  CHECK(write_output(dir.file("no/out"), "text") ==
        "cannot write '" + dir.file("no/out") + "': No such file or directory");
}
