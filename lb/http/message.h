// What a handler is given and what it answers: one HTTP request, one reply. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace finishline::http {

class EventStream;
class LaterReply;

/// HEAD is answered as GET is, without the body.
enum class Method : std::uint8_t { get, put, post, patch, del };

/// "GET", "DELETE", ...
std::string_view name_of(Method method);

/// Of a client that comes by a Unix socket.
inline constexpr std::string_view kUnixPeer = "unix";

struct HttpRequest {
  Method method = Method::get;
  std::string path{};  // decoded, without the query
  std::string name{};  // the part of the path that stands for {name}; "" without
  std::string body{};
  std::string peer{};                            // the client's host: "127.0.0.1"; or kUnixPeer
  std::map<std::string, std::string> query{};    // decoded; of equal names the last
  std::map<std::string, std::string> headers{};  // by lower-case name; of equal names the last

  /// "" when there is none.
  std::string_view header(const std::string& lower_case_name) const;
  std::string_view parameter(const std::string& query_name) const;
  /// Of the Cookie header; "" when there is none.
  std::string_view cookie(std::string_view cookie_name) const;
};

struct HttpReply {
  int status = 200;
  std::string type{};  // content type
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};  // further ones
  std::string words{};                  // of a refusal, for who would rather read text: see error_reply.h
  EventStream* stream = nullptr;        // the connection goes on with its events; outlives the server
  std::shared_ptr<LaterReply> later{};  // the reply comes later, and all else here means nothing
};

}  // namespace finishline::http
