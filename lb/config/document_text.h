// A document back as TOML text: what a program has put together, for people and parsers to read. Comments are
// not in the tree, so they are lost. Pure.
#pragma once

#include <string>

#include "lb/config/document.h"

namespace finishline::config {

/// parse_document() of it gives the same tree, but for the places. Tables and arrays of tables of the first
/// two levels get a line of their own, "[pool.media]", "[[server]]"; what is deeper stands in one line.
std::string to_toml(const Table& document);

}  // namespace finishline::config
