// What is known only while somebody has the page open, because it costs the workers a little: who sends most,
// and what each server has to do piece by piece. Control process, on its loop.
#pragma once

#include <string>
#include <vector>

#include "lb/control/countries.h"
#include "lb/control/explain.h"
#include "lb/control/overview.h"
#include "lb/control/top_talkers.h"

namespace finishline::control {

class LiveDetails {
 public:
  /// Where more is decided, pieces change too fast to be seen, and are not told.
  static constexpr double kMostDecisions = 2000;  // per second, in a pool

  /// All outlive it. Nobody looks at first.
  LiveDetails(net::Loop& loop, ledger::Ledger& ledger, Explain& explain, const std::string& geo_database)
      : loop_(loop), explain_(explain), talkers_(loop, ledger), countries_(geo_database) {}
  /// Of another configuration.
  void change_to(const std::string& geo_database) { countries_.change_to(geo_database); }

  /// Somebody has asked for this, and may ask again.
  void look_for(const http::HttpRequest& request);
  /// Somebody follows the page; `rows`: of the overview's pools, in their order.
  void follow(const Overview& overview, const std::vector<ledger::PoolId>& rows);
  /// Puts in what is known; nothing where nobody looks.
  void add_to(Overview& overview);
  /// Who sends most, with their countries where these are known.
  std::vector<Talker> talkers(SourceDetail detail, std::size_t most) const;
  /// The same by country; none where no countries are known.
  std::vector<Talker> countries(std::size_t most) const;
  /// Which database says so, or why none does.
  std::string countries_note() const { return countries_.note(); }

 private:
  net::Loop& loop_;
  Explain& explain_;
  TopTalkers talkers_;
  Countries countries_;
};

}  // namespace finishline::control
