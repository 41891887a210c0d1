// Whether a server or a proxy keeps the rules of proto/PROTOCOL.md: each is played over connections of its
// own, and what came is held against what the protocol says.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/route.h"
#include "lb/net/loop.h"
#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::client {

/// Whom the rules are played against.
struct Subject {
  bool proxy = false;                      // else a server
  bool mini = false;                       // speaks the two-byte protocol
  char type = 'V';                         // a request type that it can do
  char unknown_type = 'q';                 // one that nobody can do
  std::uint32_t max_length = 0xffffffffU;  // longer requests are too large
  std::uint32_t max_body = proto::kDefaultMaxBody;
  Nanos patience = 3s;           // for each answer
  std::function<void()> stop{};  // has it begin to end, as on SIGTERM; none: its end is not played
};

enum class Outcome : std::uint8_t {
  kept,
  broken,
  untried,  // it did not come to that, or it would only tell once more what another rule has told
};

struct RuleResult {
  std::string rule;  // "ids are echoed"
  std::string says;  // the protocol
  Outcome outcome = Outcome::kept;
  std::string came;  // instead, or why it was not tried; "" when kept
};

/// Plays all rules for this kind of subject, in their order, but for those that can only be broken once
/// another one is. Runs the loop meanwhile. `tell` hears each result as it is known.
std::vector<RuleResult> conform(net::Loop& loop, const Route& route, const Subject& subject,
                                const std::function<void(const RuleResult&)>& tell = {});

/// Whether none is broken.
bool all_kept(const std::vector<RuleResult>& results);
/// The head of a table, and one line of it.
std::string table_head();
std::string to_line(const RuleResult& result);
/// What stands below the table: what is broken, with what came and what the protocol says, and the counts.
std::string to_summary(const std::vector<RuleResult>& results);
/// One JSON object with a line end: {"kept": 27, "broken": 0, "untried": 1, "rules": [...]}.
std::string to_json(const std::vector<RuleResult>& results);

}  // namespace finishline::client
