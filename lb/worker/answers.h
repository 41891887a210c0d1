// Gives every request its one answer, and counts it. Worker process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lb/ledger/metrics.h"
#include "lb/worker/attempt.h"
#include "lb/worker/pending.h"
#include "lb/worker/request.h"

namespace finishline::worker {

/// What a server said. `body` and `headers` borrow from the link's buffers.
struct ServerReply {
  proto::Status status = proto::Status::ok;
  Nanos service{};  // time it worked; 0: it did not say
  Nanos backlog{};  // work it still has; 0: none, or it did not say
  std::span<const std::byte> body{};
  std::string_view headers{};  // as of an Answer
  bool done = false;           // the work was done, whatever the status says
};

class Answers {
 public:
  /// Both outlive it.
  Answers(AnswerSink& sink, ledger::WorkerMetrics& metrics) : sink_(sink), metrics_(metrics) {}

  /// From now on it is to be answered.
  void expect(const Request& request) {
    metrics_.received(request.type, proto::priority_of(request.flags));
    metrics_.add(ledger::WorkerCell::requests_open);
  }
  /// What `server` says is the answer.
  void give(const Pending& pending, const ServerReply& reply, std::uint32_t server);
  /// No server has done it; `wait`: how long until one may. `body` is read before this returns.
  void give_unsent(const Attempt& attempt, proto::Status status, Nanos wait = Nanos{},
                   std::span<const std::byte> body = {});

  /// Whether an answer would still be somebody's.
  bool awaited(const ReplyAddress& client) const { return sink_.awaited(client); }
  ClientName name_of(const ReplyAddress& client) const { return sink_.name_of(client); }
  double weight_of(const ReplyAddress& client) const { return sink_.weight_of(client); }
  ledger::SourceHost host_of(const ReplyAddress& client) const { return sink_.host_of(client); }
  /// So many bytes more, or fewer, of its body are kept.
  void kept(const ReplyAddress& client, std::size_t bytes) {
    sink_.kept(client, static_cast<std::ptrdiff_t>(bytes));
  }
  void kept_no_more(const ReplyAddress& client, std::size_t bytes) {
    sink_.kept(client, -static_cast<std::ptrdiff_t>(bytes));
  }

 private:
  inline void deliver(const ReplyAddress& client, RequestType type, const Answer& answer);

  AnswerSink& sink_;
  ledger::WorkerMetrics& metrics_;
};

}  // namespace finishline::worker
