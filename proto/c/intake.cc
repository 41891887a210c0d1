#include "proto/c/intake.h"

#include "proto/server_vitals.h"

namespace finishline::clib {
namespace {

using proto::FrameHeader;
using proto::Kind;
using proto::Status;

FrameHeader reply_to(const FrameHeader& asked, std::uint32_t status) {
  return {.kind = Kind::reply,
          .type = asked.type,
          .flags = static_cast<std::uint8_t>(asked.flags & proto::kKnownFlags),
          .id = asked.id,
          .length = asked.length,
          .detail = status};
}

Answer refusal(const FrameHeader& asked, Status status) {
  return {reply_to(asked, static_cast<std::uint32_t>(status)), ""};
}

/// A worker schedules nothing, and says so.
Answer nothing_known(FrameHeader asked, Kind kind) {
  FrameHeader header = reply_to(asked, static_cast<std::uint32_t>(Status::no_server));
  header.kind = kind;
  return {header, ""};
}

std::unique_ptr<ServerJob> job_of(const proto::Frame& frame, Instant now) {
  auto job = std::make_unique<ServerJob>();
  const auto* const body = reinterpret_cast<const char*>(frame.body.data());
  job->bytes.reserve(frame.body.size() + 1);
  job->bytes.assign(body, body + frame.body.size());
  job->bytes.push_back(0);
  job->asked = frame.header;
  job->type = frame.header.type;
  job->flags = frame.header.flags & proto::kRetryable;
  job->length = frame.header.length;
  job->body = job->bytes.data();
  job->body_bytes = frame.body.size();
  const auto limit = std::chrono::milliseconds(frame.header.detail);
  job->deadline = frame.header.detail == 0 ? Instant::max() : now + limit;
  return job;
}

}  // namespace

std::optional<Answer> Intake::take(const proto::Frame& frame, bool too_large, std::uint64_t connection,
                                   Instant now) {
  switch (frame.header.kind) {
    case Kind::ping:
      return pong(frame.header, now);
    case Kind::describe:
      return nothing_known(frame.header, Kind::description);
    case Kind::estimate:
      return nothing_known(frame.header, Kind::estimated);
    default:
      break;
  }
  if (draining) return refusal(frame.header, Status::draining);
  if (too_large) return refusal(frame.header, Status::too_large);
  if (!rules_.types[static_cast<unsigned char>(frame.header.type)])
    return refusal(frame.header, Status::unknown_type);
  return request(frame, connection, now);
}

std::optional<Answer> Intake::cancel(std::uint64_t id, std::uint64_t connection, Instant now) {
  const auto job = work_.cancel(connection, id);
  if (job == nullptr) return std::nullopt;
  Answer answer = refusal(job->asked, Status::cancelled);
  answer.header.origin = to_wire_us(work_.backlog(now));
  return answer;
}

Answer Intake::resize(const FrameHeader& asked, std::uint32_t most) {
  if (draining) return refusal(asked, Status::draining);
  if (asked.length == 0 || asked.length > most) return refusal(asked, Status::server_error);
  rules_.slots = asked.length;
  return refusal(asked, Status::ok);
}

Answer Intake::refused(const FrameHeader& asked, Status status) { return refusal(asked, status); }

Answer Intake::bad_frame(const FrameHeader& asked) { return refusal(asked, Status::bad_frame); }

ServerJob* Intake::begin(Instant now) { return work_.running() < rules_.slots ? work_.begin(now) : nullptr; }

Intake::Finished Intake::finish(ServerJob* job, int status, std::uint32_t service_us, Instant now) {
  const bool known = status >= 0 && status < static_cast<int>(proto::kStatusCount);
  Finished done{work_.finish(job, now, status == FINISHLINE_OK), {}};
  done.header =
      reply_to(done.job->asked, static_cast<std::uint32_t>(known ? status : FINISHLINE_SERVER_ERROR));
  done.header.service_us = status == FINISHLINE_OVERLOADED ? service_us : to_wire_us(done.job->took);
  done.header.origin = to_wire_us(work_.backlog(now));
  return done;
}

Answer Intake::pong(const FrameHeader& asked, Instant now) {
  FrameHeader header{.kind = Kind::pong, .id = asked.id};
  if (asked.length != proto::kWantsVitals) return {header, ""};
  return {header, vitals_.body(rules_.slots, work_.backlog(now), now)};
}

std::optional<Answer> Intake::request(const proto::Frame& frame, std::uint64_t connection, Instant now) {
  std::unique_ptr<ServerJob> job = job_of(frame, now);
  job->server = server_;
  job->connection = connection;
  job->serial = ++last_serial_;
  if (work_.put(std::move(job))) return std::nullopt;
  Answer answer = refusal(frame.header, Status::overloaded);
  answer.header.service_us = to_wire_us(work_.backlog(now) / rules_.slots);
  return answer;
}

}  // namespace finishline::clib
