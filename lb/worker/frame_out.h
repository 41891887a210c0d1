// A frame on its way out, to a client or a server. Worker process.
#pragma once

#include <cstring>
#include <span>

#include "lb/net/stream.h"
#include "proto/frame.h"

namespace finishline::worker {

/// Writes header and body: how many bytes that are. Small ones are sent with the others of this turn, a large
/// body straight from where it lies.
inline std::size_t write_frame(net::TcpStream& stream, proto::FrameHeader header,
                               std::span<const std::byte> body) {
  const bool apart = body.size() >= net::TcpStream::kSendWhole;
  const std::size_t together = proto::kHeaderBytes + (apart ? 0 : body.size());
  std::byte* out = stream.prepare(together);
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  proto::encode_header(header, out);
  if (!apart && !body.empty()) std::memcpy(out + proto::kHeaderBytes, body.data(), body.size());
  stream.commit(together);
  if (apart) stream.write(body);
  return proto::kHeaderBytes + body.size();
}

}  // namespace finishline::worker
