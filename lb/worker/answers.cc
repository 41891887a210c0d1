#include "lb/worker/answers.h"

namespace finishline::worker {

using ledger::WorkerCell;

void Answers::give(const Pending& pending, const ServerReply& reply, std::uint32_t server) {
  deliver(pending.client, pending.type,
          {.status = reply.status,
           .code = pending.code,
           .flags = pending.flags,
           .length = pending.length,
           .service_us = to_wire_us(reply.service),
           .server = server,
           .body = reply.body,
           .headers = reply.headers,
           .done = reply.done});
}

void Answers::give_unsent(const Attempt& attempt, proto::Status status, Nanos wait,
                          std::span<const std::byte> body) {
  const Request& request = attempt.request;
  deliver(attempt.client, request.type,
          {.status = status,
           .code = request.code,
           .flags = request.flags,
           .length = request.length,
           .service_us = to_wire_us(wait),
           .body = body});
}

void Answers::deliver(const ReplyAddress& client, RequestType type, const Answer& answer) {
  metrics_.answered(type, answer.status);
  metrics_.add(WorkerCell::requests_open, -1);
  if (!sink_.answer(client, answer)) metrics_.add(WorkerCell::orphan_replies);
}

}  // namespace finishline::worker
