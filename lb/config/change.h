// What a new configuration asks of a running proxy. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

/// From least to most.
enum class Scope : std::uint8_t {
  nothing,   // they are the same
  servers,   // running workers can take it: servers and what pools do with them, and alerts, which are
             // control's
  listeners  // workers have to be replaced, on the listening sockets that stay
};
std::string_view name_of(Scope scope);

struct Change {
  Scope scope = Scope::nothing;
  std::vector<Problem> refusals;  // what no reload can change; not empty: the rest does not matter
};

/// Its refusals say what is in force and what was asked for; where that stands is for locate_refusals().
Change change_between(const Config& running, const Config& wanted);
/// `text` is that of the wanted configuration: what is not written there has no place.
void locate_refusals(Change& change, std::string_view text);

}  // namespace finishline::config
