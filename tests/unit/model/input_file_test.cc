#include "lb/model/input_file.h"

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace finishline::model;
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
