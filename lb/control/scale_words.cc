#include "lb/control/scale_words.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace finishline::control {
namespace {

std::string share_text(double share) { return std::to_string(std::lround(share * 100)) + " %"; }

/// What the share is a share of.
std::string asked(const ScaleStatus& it) {
  if (!std::isfinite(it.strain)) return "No server can do what comes";
  if (it.by == "work") return share_text(it.strain) + " of what the servers can do is asked of them";
  if (it.by == "connections")
    return "The servers hold " + share_text(it.strain) + " of the streams that are right for them";
  return "The mean load of the servers is " + share_text(it.strain);
}

bool all_wanted(const ScaleStatus& it) {
  return std::ranges::all_of(it.types, [](const ScaledTypeStatus& type) { return type.wanted >= type.most; });
}

bool has_more_than_least(const ScaleStatus& it) {
  return std::ranges::any_of(it.types, [](const ScaledTypeStatus& type) { return type.wanted > type.least; });
}

std::string what_follows(const ScaleStatus& it) {
  const std::string limit = share_text(it.up_over);
  if (std::isfinite(it.strain) && it.strain <= it.up_over) return "; above " + limit + " servers are added.";
  if (all_wanted(it))
    return "; more would be added above " + limit + ", but there are as many as there may be.";
  return std::isfinite(it.strain) ? ", more than " + limit + ": servers are added." : ": servers are added.";
}

std::string given_up_in(const ScaleStatus& it) {
  for (const ScaledTypeStatus& type : it.types)
    if (type.given_up > 0)
      return " Servers of type " + type.type + " that keep dying young are given up until the next reload.";
  return it.silent.empty() ? ""
                           : " The process of " + it.silent + " never listened on its port, and was ended.";
}

}  // namespace

std::string percent_text(double share) {
  return std::isfinite(share) ? share_text(share) : "no server for what comes";
}

std::string_view word_for(sched::ScaleBy by) {
  constexpr std::array<std::string_view, 3> kWords{"work", "load", "connections"};
  return kWords[static_cast<std::size_t>(by)];
}

std::string why_so_many(const ScaleStatus& status) {
  std::string text = asked(status) + what_follows(status);
  if (status.foreseen) text += " A forecast of this pool's own past expects more, and is counted in.";
  if (has_more_than_least(status))
    text += " One is drained and ended when the others would do for all that came of late.";
  text += given_up_in(status);
  if (status.rehearse) text += " This is a rehearsal: nothing is started or ended.";
  return text;
}

}  // namespace finishline::control
