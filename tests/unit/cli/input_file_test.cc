#include "lb/cli/input_file.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace finishline::cli;
using finishline::test::TempDir;

TEST_CASE("a file is read whole, but never without an end, and its name is told when it cannot be") {
  const TempDir dir;
  CHECK(read_input(dir.write("a", "text"), "a trace").text == "text");
  CHECK(read_input("/dev/zero", "a trace").problem ==
        "cannot read '/dev/zero': it is longer than 64 MiB, the most that is read of a trace: cut it to a "
        "part");
  CHECK(read_input(dir.file("none"), "a trace").problem ==
        "cannot read '" + dir.file("none") + "': No such file or directory");
  CHECK(read_input(dir.file(""), "a trace").problem.ends_with("Is a directory"));
}

TEST_CASE("what a file says is shown without control characters, and what cannot be written says why") {
  CHECK(for_terminal("a\033[31mb\x7f") == "a\\x1b[31mb\\x7f");
  CHECK(for_terminal(std::string(300, 'x')) == std::string(200, 'x') + "...");
  const TempDir dir;
  CHECK(write_output(dir.file("out"), "text").empty());
  CHECK(dir.read("out") == "text");
  CHECK(write_output(dir.file("no/out"), "text") ==
        "cannot write '" + dir.file("no/out") + "': No such file or directory");
}
