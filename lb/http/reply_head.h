// The reply to a typed request, as HTTP: which status stands for what became of it, and the head. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/frame.h"
#include "proto/units.h"

namespace finishline::http {

/// 200, 429, 503, ...
int http_status_of(proto::Status status);

/// A line for people, for a reply without a body of its own; "" for ok.
std::string_view words_of(proto::Status status);

struct ReplyHead {
  int status = 200;
  proto::Status word = proto::Status::ok;
  std::size_t body_bytes = 0;
  std::string_view content_type{};
  std::string_view headers{};  // of the server: lines in the place of content_type; "": it has none
  std::string_view date{};     // as HTTP writes it
  std::string_view server{};   // who has done it; "": nobody
  Nanos service{};             // how long the server worked on it; 0: it has not
  Nanos total{};               // from the request's last byte to the reply
  Nanos retry_after{};         // 0: not said
  bool last = false;           // the connection ends with it
  bool tell_stay = false;      // an old client has to be told that it does not
};

/// With the empty line at its end.
std::string text_of(const ReplyHead& head);

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace finishline::http
