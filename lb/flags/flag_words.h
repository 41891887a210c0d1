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

// `words` is the command line without the program's name. What a flag takes as its value is not looked at,
// nor anything behind "--".

/// The words that look like flags and are none of `app`, or of its command that was named before them, in the
/// order given and without what stands behind a '='.
std::vector<std::string> unknown_flags(const CLI::App& app, std::span<const std::string> words);

/// The command of `app` that the words name, or of a command of it; `app` itself where they name none.
const CLI::App& command_in(const CLI::App& app, std::span<const std::string> words);

/// The first word where a command of `app`, or of a command of it, could stand, and that is none; "" when
/// there is no such word, and where a word of another kind may stand there.
std::string unknown_command(const CLI::App& app, std::span<const std::string> words);

/// The long flag or the command of `app`, also help and version of a program, that differs least from `word`;
/// "" when none is near.
std::string nearest_word(const CLI::App& app, const std::string& word);

}  // namespace finishline::flags
