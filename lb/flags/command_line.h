// How every program and command of ours reads its command line: what it does not know is named, with what was
// probably meant. Any program.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace finishline::flags {

inline constexpr int kBadUse = 2;  // exit code

/// What else is to be said of a word that is not known, as ": --rate does that"; "" for nothing.
using Instead = std::string (*)(const std::string& word);

/// Reads the command line into what the options of `app` are bound to; argv[0] is the program's or command's
/// name. The exit code when there is nothing more to do: 0 after --help or --version, kBadUse after a
/// complaint on standard error. Every unknown flag is named, in the order given, and an unknown command: with
/// what `instead` says of it, or with the one that was probably meant.
std::optional<int> parse(CLI::App& app, int argc, char** argv, Instead instead = nullptr);

}  // namespace finishline::flags
