// What our commands have in common when their flags are read. A process of its own.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace finishline::cli {

/// Prints the help that was asked for, or what is wrong with the flags and what was probably meant; returns
/// the exit code: 0 or kBadUse.
int tell(const CLI::App& flags, const CLI::ParseError& error);

/// ", did you mean --json?" for a word that this command does not know; "" when nothing is near.
std::string suggestion(const CLI::App& flags, const std::string& word);

}  // namespace finishline::cli
