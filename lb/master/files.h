// Files that the configuration names and the master needs. Read with the rights of whoever asks.
#pragma once

#include <vector>

#include "lb/config/source.h"

namespace finishline::master {

/// Those that a start would fail for, with their places in the text and in its order. Makes no file.
std::vector<config::Problem> problems_of_files(const config::Source& source, const config::Config& config);

}  // namespace finishline::master
