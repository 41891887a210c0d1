// Frames as tests write them: bytes from header and text, and everything a decoder makes of a stream.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/frame.h"

namespace finishline::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text));
  return {raw.begin(), raw.end()};
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Sets header.body_bytes; appends to `out`.
inline void append_frame(Bytes& out, proto::FrameHeader header, std::span<const std::byte> body = {}) {
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  const std::size_t at = out.size();
  out.resize(at + proto::kHeaderBytes);
  proto::encode_header(header, out.data() + at);
  out.insert(out.end(), body.begin(), body.end());
}

inline Bytes frame_of(const proto::FrameHeader& header, std::string_view body = {}) {
  Bytes out;
  append_frame(out, header, bytes_of(body));
  return out;
}

/// One step of a decoder that was not need_more, with a copy of what it delivered.
struct Seen {
  proto::FrameDecoder::Step step{};
  Bytes header;  // as encoded again, so that it compares whole
  Bytes body;
  bool operator==(const Seen&) const = default;
};

inline Seen seen(proto::FrameDecoder::Step step, const proto::Frame& frame) {
  Bytes header(proto::kHeaderBytes);
  proto::encode_header(frame.header, header.data());
  return {step, std::move(header), {frame.body.begin(), frame.body.end()}};
}

/// Appends all that the decoder delivers now; true unless it ended in Step::bad.
inline bool drain(proto::FrameDecoder& decoder, std::vector<Seen>& out) {
  using Step = proto::FrameDecoder::Step;
  proto::Frame frame;
  for (;;) {
    const Step step = decoder.next(frame);
    if (step == Step::need_more) return true;
    out.push_back(seen(step, frame));
    if (step == Step::bad) return false;
  }
}

/// Feeds the stream in pieces of the given sizes (the rest in one) until its end or Step::bad. Each piece
/// lives in a block of its own that dies after the call, so that a borrowed byte is a use after free.
inline std::vector<Seen> decode_in_pieces(proto::FrameDecoder& decoder, std::span<const std::byte> stream,
                                          const std::vector<std::size_t>& sizes) {
  std::vector<Seen> out;
  for (std::size_t piece = 0; !stream.empty(); ++piece) {
    const std::size_t size = piece < sizes.size() ? std::min(sizes[piece], stream.size()) : stream.size();
    const Bytes block(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    stream = stream.subspan(size);
    decoder.feed(block);
    if (!drain(decoder, out)) break;
  }
  return out;
}

}  // namespace finishline::test
