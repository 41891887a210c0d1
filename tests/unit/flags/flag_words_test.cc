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

namespace {

/// A program with commands, one of which has commands of its own.
struct ProgramWithCommands {
  CLI::App app{"", "program"};
  std::string text;

  ProgramWithCommands() {
    CLI::App* const token = app.add_subcommand("token");
    token->add_subcommand("new")->add_option("--role", text);
    app.add_subcommand("drain")->add_option("NAME", text);
    app.add_option("--config", text);
  }
  std::string command(const Words& words) { return flags::command_in(app, words).get_name(); }
  std::string unknown(const Words& words) { return flags::unknown_command(app, words); }
};

}  // namespace

TEST_CASE("flags behind a command are those of the command") {
  ProgramWithCommands program;
  CHECK(flags::unknown_flags(program.app, Words{"token", "new", "--role", "x"}).empty());
  CHECK(flags::unknown_flags(program.app, Words{"token", "new", "--rol", "x"}) == Words{"--rol"});
  CHECK(flags::unknown_flags(program.app, Words{"--role", "token"}) == Words{"--role"});
  CHECK(program.command({"token", "new", "--role", "x"}) == "new");
  CHECK(program.command({"--config", "token"}) == "program");
}

TEST_CASE("a word that is no command is told where only a command may stand") {
  ProgramWithCommands program;
  CHECK(program.unknown({"tokn", "new"}) == "tokn");
  CHECK(program.unknown({"token", "nwe"}) == "nwe");
  CHECK(program.unknown({"drain", "nwe"}) == "");
  CHECK(program.unknown({"token"}) == "");
}
