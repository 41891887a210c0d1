// Who has changed what over the admin server: the latest thousand changes, in memory and, where there is a
// directory for what outlives a restart, in its file audit.jsonl, a line each. Control process.
#pragma once

#include <deque>
#include <string>

#include "lb/control/access.h"
#include "lb/http/message.h"

namespace finishline::control {

class Audit {
 public:
  /// `directory` "": memory only.
  explicit Audit(const std::string& directory);

  /// A request that is no GET was answered so. Sessions are not told of, nor what a body holds beyond 200
  /// bytes.
  void note(const http::HttpRequest& request, const http::HttpReply& reply, const Access::Caller& caller);
  /// The reply to GET /api/v1/audit: the latest first.
  http::HttpReply page() const;

 private:
  static constexpr std::size_t kKept = 1000;

  void keep(std::string line);

  std::string file_;               // "": none
  std::deque<std::string> lines_;  // JSON objects, the oldest first
};

}  // namespace finishline::control
