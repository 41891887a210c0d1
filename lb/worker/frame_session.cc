#include "lb/worker/frame_session.h"

#include "lb/worker/dispatcher.h"
#include "lb/worker/foreign_speech.h"
#include "lb/worker/frame_out.h"
#include "proto/server_vitals.h"

namespace finishline::worker {

using proto::Kind;
using proto::Status;

FrameSession::FrameSession(const SessionContext& context, const ListenerOptions& options,
                           net::TcpStream stream, const net::Address& peer)
    : ClientSession(context, options, std::move(stream), peer),
      decoder_(proto::Direction::requests, options.max_body) {}

ClientSession::Step FrameSession::take_one() {
  using DecoderStep = proto::FrameDecoder::Step;
  proto::Frame frame;
  switch (decoder_.next(frame)) {
    case DecoderStep::frame:
      take(frame);
      return proto::is_answered(frame.header.kind) ? Step::asked : Step::unasked;
    case DecoderStep::too_large:
      if (frame.header.kind == Kind::estimate) {
        estimated(frame.header, Status::too_large);
        return Step::asked;
      }
      refuse(frame.header, Status::too_large);
      return Step::asked;
    case DecoderStep::need_more:
      if (!begins_otherwise()) return Step::need_more;
      break;
    case DecoderStep::bad:
      break;
  }
  tell_foreign(decoder_.unread());
  refuse(frame.header, Status::bad_frame);
  end_input(ledger::CloseReason::bad_frame);
  return Step::ended;
}

/// Whether less than a header shows that no frame will come of it: a body larger than any may be, and bytes
/// that are known. Who has sent only those waits, and nothing more would come.
bool FrameSession::begins_otherwise() const {
  const auto bytes = decoder_.unread();
  if (bytes.empty() || bytes.size() >= proto::kHeaderBytes) return false;
  const std::uint64_t body_at_least = std::to_integer<std::uint64_t>(bytes.front()) << 24;
  return body_at_least > options_.max_body && looks_foreign(bytes);
}

void FrameSession::take(const proto::Frame& frame) {
  const proto::FrameHeader& header = frame.header;
  switch (header.kind) {
    case Kind::request:
      return submit(header.type, header.flags, header.length, header.detail, frame.body, header.id);
    case Kind::ping:
      return pong(header);
    case Kind::cancel:
      return cancel(header.id);
    case Kind::describe:
      return describe(header.id);
    case Kind::estimate:
      return estimate(frame);
    default:
      return;  // the decoder lets no other kind through
  }
}

void FrameSession::pong(const proto::FrameHeader& asked) {
  const std::string_view vitals = asked.length == proto::kWantsVitals ? proto::kVitalsOfProxy : "";
  write({.kind = Kind::pong, .id = asked.id}, std::as_bytes(std::span(vitals)));
}

void FrameSession::describe(std::uint64_t id) {
  const std::string& text = options_.description;
  const Status status = text.empty() ? Status::no_server : Status::ok;
  write({.kind = Kind::description, .id = id, .detail = static_cast<std::uint32_t>(status)},
        std::as_bytes(std::span(text)));
}

/// When it would be done; nothing is counted, booked or remembered.
void FrameSession::estimate(const proto::Frame& frame) {
  const proto::FrameHeader& asked = frame.header;
  const auto type = options_.cost->request_type_of(asked.type);
  if (!type) return estimated(asked, Status::unknown_type);
  if (asked.length > options_.max_length) return estimated(asked, Status::too_large);
  const Request request{
      .type = *type, .code = asked.type, .flags = asked.flags, .length = asked.length, .body = frame.body};
  Dispatcher& dispatcher = context_.dispatcher;
  const auto found = dispatcher.prospect(options_.pool, request, context_.loop.now());
  if (!found) return estimated(asked, Status::no_server);
  const Member& server = dispatcher.pool(options_.pool).members()[found->server];
  estimated(asked, Status::ok,
            {.until_done = found->until_done,
             .error = dispatcher.prospect_error(options_.pool),
             .server_type = options_.cost->server_types()[server.spec.type]});
}

void FrameSession::estimated(const proto::FrameHeader& asked, Status status, const Estimate& estimate) {
  proto::FrameHeader told = asked;
  told.kind = Kind::estimated;
  told.detail = static_cast<std::uint32_t>(status);
  told.service_us = to_wire_us(estimate.until_done);
  told.origin = to_wire_us(estimate.error);
  write(told, std::as_bytes(std::span(estimate.server_type)));
}

void FrameSession::refuse(const proto::FrameHeader& header, Status status) {
  Answer answer;
  answer.status = status;
  answer.code = header.type;
  answer.flags = header.flags & proto::kKnownFlags;  // an unknown flag sent back would be bad, too
  answer.length = header.length;
  reject(header.id, answer);
}

void FrameSession::encode(std::uint64_t id, const Answer& answer) {
  write({.kind = Kind::reply,
         .type = answer.code,
         .flags = answer.flags,
         .id = id,
         .length = answer.length,
         .detail = static_cast<std::uint32_t>(answer.status),
         .service_us = answer.service_us,
         .origin = answer.server},
        answer.body);
}

bool FrameSession::say_goaway() {
  write({.kind = Kind::goaway}, {});
  return true;
}

void FrameSession::write(const proto::FrameHeader& header, std::span<const std::byte> body) {
  const std::size_t bytes = write_frame(stream_, header, body);
  context_.metrics.add(ledger::WorkerCell::client_bytes_out, static_cast<std::int64_t>(bytes));
}

}  // namespace finishline::worker
