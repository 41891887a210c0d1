#include "lb/flags/flag_words.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

using namespace finishline;

namespace {

using Words = std::vector<std::string>;

/// A program with a few flags of every kind.
struct Program {
  CLI::App app;
  std::string text;
  bool yes = false;

  Program() {
    app.add_option("--requests,-n", text);
    app.add_option("--json", text)->expected(0, 1);
    app.add_flag("--quiet", yes);
  }
  Words unknown(const Words& words) { return flags::unknown_flags(app, words); }
};

}  // namespace

TEST_CASE("flags that a program does not know are named in the order given, without their values") {
  CHECK(Program().unknown({"-R", "5", "--requests", "10", "--laten=3", "--quiet"}) == Words{"-R", "--laten"});
}

TEST_CASE("what a flag takes as its value is no unknown flag, whatever it looks like") {
  CHECK(Program().unknown({"--requests", "-5", "-n", "-5"}).empty());
  CHECK(Program().unknown({"-n5", "--requests=-5"}).empty());
  CHECK(Program().unknown({"--json", "-x"}) == Words{"-x"});
}

TEST_CASE("plain words, a single dash and what stands behind -- are no flags") {
  CHECK(Program().unknown({"host:1", "-", "--", "--what"}).empty());
}

TEST_CASE("the flag that was probably meant is told, and none where none is near") {
  Program program;
  CHECK(flags::nearest_word(program.app, "--request") == "--requests");
  CHECK(flags::nearest_word(program.app, "--entirely-else").empty());
}
