// What the user wants written down per request: the trace of what was sent, and a line for each reply.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/line_file.h"
#include "client/request.h"
#include "client/tally.h"
#include "proto/cost_model.h"

namespace finishline::client {

/// Both files are optional. The replies have the columns
///
///   id,type,length,intended_s,sent_s,done_s,server,status
///
/// with id the position in the plan, times from the start of the run, server its name where it is known, and
/// status "ok", a status of the protocol, "wrong", "connection_lost" or "unanswered".
class Journal {
 public:
  struct Paths {
    std::string trace, replies;  // "" for none
  };
  /// The string is the reason why a file cannot be written.
  static std::variant<Journal, std::string> open(const Paths& paths, const CostModel& cost,
                                                 const std::vector<ServerSpec>& servers);

  /// Times are told from here on.
  void begin(Instant start) { start_ = start; }
  /// A request was sent for the first time; its intended time goes into the trace.
  void sent(const Request& request) {
    if (trace_) write_trace(request);
  }
  void ended(const Request& request, std::string_view status, Instant now,
             std::optional<std::uint32_t> server = std::nullopt) {
    if (replies_) write_reply(request, status, now, server);
  }
  /// Writes out what is left; the reason why that failed, or "".
  std::string close();

 private:
  void write_trace(const Request& request);
  void write_reply(const Request& request, std::string_view status, Instant now,
                   std::optional<std::uint32_t> server);

  Paths paths_;
  std::vector<std::string> type_names_;
  std::vector<std::string> server_names_;  // by number, "" where there is none
  std::optional<LineFile> trace_, replies_;
  Instant start_{};
};

}  // namespace finishline::client
