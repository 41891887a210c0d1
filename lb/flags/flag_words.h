// Words of a command line that no flag of the program takes, and which flag was probably meant. Any program;
// pure.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace finishline::flags {

/// The words that look like flags and are none of `app`, in the order given and without what stands behind a
/// '='. `words` is the command line without the program's name; what a flag takes as its value is not looked
/// at, nor anything behind "--".
std::vector<std::string> unknown_flags(const CLI::App& app, std::span<const std::string> words);

/// The long flag or the command of `app` that differs least from `word`; "" when none is near.
std::string nearest_word(const CLI::App& app, const std::string& word);

}  // namespace finishline::flags
