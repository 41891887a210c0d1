// Whether a key that is written says more than nothing. Pure.
#pragma once

#include <string_view>
#include <variant>

#include "lb/config/key_table.h"

namespace finishline::config {

/// Whether a key of `part` has another value than its default: a key that stands as it does in the sample
/// says nothing, whatever it is of.
template <class S>
bool says_something(const S& part, Section section, std::string_view name) {
  const auto differs = [&](auto member) { return part.*member != S().*member; };
  return std::visit(differs, std::get<Field<S>>(find_key(section, name)->field));
}

}  // namespace finishline::config
