#include "lb/alert/alert.h"

#include "proto/quantity.h"

namespace finishline::alert {

std::string_view name_of(AlertState state) {
  switch (state) {
    case AlertState::pending:
      return "pending";
    case AlertState::firing:
      return "firing";
    case AlertState::resolved:
      return "resolved";
  }
  return "";
}

std::string reason_of(const Alert& alert, Instant now) {
  const Instant until = alert.resolved_at ? alert.resolved_at->at : now;
  const auto span = std::chrono::floor<std::chrono::seconds>(std::max(Nanos(0), until - alert.since.at));
  return alert.words + (alert.resolved_at ? ", for " : ", since ") +
         (span.count() < 60 ? std::to_string(span.count()) + " s" : human(span));
}

/// Where it does not fit, the last * takes one character more: each text is walked at most once for each.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace finishline::alert
