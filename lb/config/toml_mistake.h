// What is wrong with a text that is no TOML, in words for somebody who has never read its grammar, with what
// to write instead: the commonest mistakes are recognised by what the parser says and what stands there.
// Pure.
#pragma once

#include <string_view>

#include "lb/config/config.h"
#include "lb/config/document.h"

namespace finishline::config {

/// `text` as a whole, `place` in it and `said` of the parser; what is not recognised is told in its words.
Problem toml_mistake(std::string_view text, TextPosition place, std::string_view said);

}  // namespace finishline::config
