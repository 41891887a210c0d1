// Copies of certificate files that no address space holds.
#include "lb/process/credential_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::process;

TEST_CASE("files are kept as they were, and a touched one is no longer the same") {
  const test::TempDir dir;
  const std::string a = dir.file("a"), b = dir.file("b");
  std::ofstream(a) << "first";
  std::ofstream(b) << std::string(100000, 'b');
  auto copied = CredentialFiles::copy({a, b});
  auto& files = std::get<CredentialFiles>(copied);
  CHECK(files.read(a) == "first");
  CHECK(files.read(b) == std::string(100000, 'b'));
  CHECK(files.read("c") == "");
  CHECK(files.still({a, b}));
  CHECK_FALSE(files.still({a}));
  std::filesystem::remove(a);
  CHECK(files.read(a) == "first");
  CHECK_FALSE(files.still({a, b}));
  std::ofstream(a) << "other";
  CHECK_FALSE(files.still({a, b}));
  files.forget();
  CHECK(files.read(b) == "");
}

TEST_CASE("what is no file, or is not there, cannot be kept, and the reason says which") {
  CHECK(std::get<std::string>(CredentialFiles::copy({"/nowhere/a.pem"})) ==
        "/nowhere/a.pem: No such file or directory");
  CHECK(std::get<std::string>(CredentialFiles::copy({"/dev/null"})) == "/dev/null: is no regular file");
  CHECK(std::get<CredentialFiles>(CredentialFiles::copy({})).still({}));
}
