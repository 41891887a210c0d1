#include "servers/frame_connection.h"

#include <algorithm>
#include <string>

#include "proto/reply_body.h"
#include "proto/server_vitals.h"

namespace finishline::server {

using proto::Kind;
using proto::Status;

void FrameConnection::decode() {
  using Step = proto::FrameDecoder::Step;
  proto::Frame frame;
  while (!closed() && !full()) {
    switch (decoder_.next(frame)) {
      case Step::frame:
        take(frame);
        break;
      case Step::too_large:
        refuse(frame.header, Status::too_large);
        break;
      case Step::need_more:
        return;
      case Step::bad:
        refuse(frame.header, Status::bad_frame);
        return close();
    }
  }
}

void FrameConnection::take(const proto::Frame& frame) {
  switch (frame.header.kind) {
    case Kind::ping:
      return write_pong(frame.header);
    case Kind::estimate:
      return write_header({.kind = Kind::estimated,
                           .type = frame.header.type,
                           .flags = frame.header.flags,
                           .id = frame.header.id,
                           .length = frame.header.length,
                           .detail = static_cast<std::uint32_t>(Status::no_server)});
    case Kind::cancel:
      return sink_.on_cancel(*this, frame.header.id);
    case Kind::resize:
      return refuse(frame.header, sink_.on_resize(frame.header.length));
    case Kind::describe:
      return write_header({.kind = Kind::description,
                           .id = frame.header.id,
                           .detail = static_cast<std::uint32_t>(Status::no_server)});
    default:
      return sink_.on_request(*this, frame.header, frame.body);
  }
}

void FrameConnection::write_pong(const proto::FrameHeader& asked) {
  const std::string body = asked.length == proto::kWantsVitals ? sink_.vitals() : "";
  const std::size_t total = proto::kHeaderBytes + body.size();
  std::byte* out = stream_.prepare(total);
  proto::encode_header(
      {.body_bytes = static_cast<std::uint32_t>(body.size()), .kind = Kind::pong, .id = asked.id}, out);
  std::ranges::copy(std::as_bytes(std::span(body)), out + proto::kHeaderBytes);
  stream_.commit(total);
}

// Only a request has a status to tell; what else was too large or senseless gets the same kind of reply,
// with the id that it claimed. A resize has no more to say, either.
void FrameConnection::refuse(const proto::FrameHeader& asked, Status status) {
  write_answer({.asked = asked, .status = status});
}

void FrameConnection::write_header(const proto::FrameHeader& header) {
  proto::encode_header(header, stream_.prepare(proto::kHeaderBytes));
  stream_.commit(proto::kHeaderBytes);
}

/// Of an answer: what ok needs, or words about an error.
std::size_t FrameConnection::body_bytes_of(const Answer& answer) const {
  if (answer.status == Status::ok && options_.reply_bytes) return *options_.reply_bytes;
  return answer.status == Status::ok || answer.status == Status::server_error ? answer.body.size() : 0;
}

void FrameConnection::write_answer(const Answer& answer) {
  if (answer.fate == Fate::drop) return;
  const proto::FrameHeader& asked = answer.asked;
  const std::size_t body = body_bytes_of(answer);
  const std::size_t total = proto::kHeaderBytes + body;
  std::byte* out = stream_.prepare(total);
  proto::encode_header({.body_bytes = static_cast<std::uint32_t>(body),
                        .kind = Kind::reply,
                        .type = asked.type,
                        .flags = static_cast<std::uint8_t>(asked.flags & proto::kKnownFlags),
                        .id = asked.id,
                        .length = asked.length,
                        .detail = static_cast<std::uint32_t>(answer.status),
                        .service_us = to_wire_us(answer.service),
                        .origin = to_wire_us(answer.backlog)},
                       out);
  proto::fill_reply_body({out + proto::kHeaderBytes, body}, answer.body, asked.length);
  if (answer.fate == Fate::corrupt) out[sink_.spoilt_place(total)] ^= std::byte{0xff};
  stream_.commit(answer.fate == Fate::half_frame ? total / 2 : total);
  if (answer.fate == Fate::half_frame) close();
}

}  // namespace finishline::server
