#include "lb/process/secret.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

using namespace finishline::process;
using finishline::test::TempDir;

namespace {

/// "=" and the secret, or the reason why not without the file's name.
std::string reading(const std::string& file, mode_t mode) {
  ::chmod(file.c_str(), mode);
  const auto result = read_secret(file);
  if (const auto* secret = std::get_if<Secret>(&result)) return "=" + secret->text;
  return std::get<std::string>(result).substr(file.size() + 1);
}

}  // namespace

TEST_CASE("a secret is what stands in its file, without the white space around it") {
  const TempDir dir;
  CHECK(reading(dir.write("token", " a secret \n"), 0600) == "=a secret");
  CHECK(reading(dir.write("token", "s"), 0440) == "=s");
}

TEST_CASE("a file that others can read or change is refused") {
  const TempDir dir;
  const std::string file = dir.write("token", "s");
  for (const mode_t mode : {0604, 0602, 0601, 0620, 0644, 0666})
    CHECK(reading(file, mode) == "may be read or changed by others: chmod 600 it");
}

TEST_CASE("a secret that is absent, empty, too long or no file is refused") {
  const TempDir dir;
  CHECK(reading(dir.file("none"), 0600) == " No such file or directory");
  CHECK(reading(dir.write("empty", " \n"), 0600) == "is empty");
  CHECK(reading(dir.write("long", std::string(70000, 'x')), 0600) == "is longer than a secret can be");
  CHECK(std::get<std::string>(read_secret("/dev/null")) == "/dev/null is no regular file");
}

TEST_CASE("only the whole secret is the secret") {
  CHECK(same_secret("abc", "abc"));
  for (const char* const other : {"", "a", "ab", "abd", "xbc", "abcd", "ABC"})
    CHECK_FALSE(same_secret(other, "abc"));
  CHECK_FALSE(same_secret(std::string_view("abc\0", 4), "abc"));
}
