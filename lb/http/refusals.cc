#include "lb/http/refusals.h"

#include <utility>

#include "lb/log/log.h"

namespace finishline::http {
namespace {

constexpr Nanos kTellAgain = std::chrono::minutes(1);

}  // namespace

std::string_view name_of(Refused reason) {
  static constexpr std::array<std::string_view, kRefused> kNames{
#define FINISHLINE_REFUSAL(name, help) #name,
#include "lb/http/refusals.def"
#undef FINISHLINE_REFUSAL
  };
  return kNames[static_cast<std::size_t>(reason)];
}

void RefusalCounts::go_on_from(const Counts& before, std::function<void(Refused)> keep) {
  counts_ = told_ = before;
  keep_ = std::move(keep);
}

void RefusalCounts::count(Refused reason, std::string_view from, Instant now) {
  const auto row = static_cast<std::size_t>(reason);
  ++counts_[row];
  if (keep_) keep_(reason);
  if (reason != Refused::silent) tell(row, from, now);
}

void RefusalCounts::tell(std::size_t reason, std::string_view from, Instant now) {
  if (told_at_[reason] && now - *told_at_[reason] < kTellAgain) return;
  told_at_[reason] = now;
  log::write(log::Event::admin_refused, {{"client", from},
                                         {"reason", name_of(static_cast<Refused>(reason))},
                                         {"times", counts_[reason] - told_[reason]}});
  told_[reason] = counts_[reason];
}

}  // namespace finishline::http
