// What our commands have in common when their flags are read. A process of its own.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class Validator;
}  // namespace CLI

namespace finishline::cli {

/// What does the same here as a command of another program, as ", did you mean run?"; "" when `word` is none.
std::string instead_of(const std::string& word);

/// Refuses numbers that are too large to reckon with, as one of 400 digits.
CLI::Validator finite_number();
/// Refuses all but whole numbers from 0 to `most`.
CLI::Validator whole_number(std::uint64_t most);

/// Refuses names of pictures that end in something else than .svg, which they all are.
CLI::Validator svg_file();

}  // namespace finishline::cli
