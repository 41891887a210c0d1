// Opens connections, sends one request on each, reads its reply and then holds them all idle until it is
// ended by a signal: for measuring what a proxy keeps per idle connection.
//   hold_connections HOST:PORT COUNT
// Prints "holding COUNT" once all have had their reply.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <variant>

#include "lb/net/socket.h"
#include "proto/frame.h"

namespace {

using namespace finishline;

constexpr std::size_t kBodyBytes = 8;
using Message = std::array<std::byte, proto::kHeaderBytes + kBodyBytes>;

Message request_of(std::uint64_t id) {
  Message message{};
  proto::encode_header({.body_bytes = kBodyBytes, .type = "VPM"[id % 3], .id = id, .length = 1}, message.data());
  return message;
}

bool is_reply_to(const Message& message, std::uint64_t id) {
  const proto::FrameHeader header = proto::decode_header(message.data());
  return header.kind == proto::Kind::reply && header.id == id && header.body_bytes == kBodyBytes &&
         static_cast<proto::Status>(header.detail) == proto::Status::ok;
}

bool read_whole(int fd, Message& message) {
  return ::recv(fd, message.data(), message.size(), MSG_WAITALL) == static_cast<ssize_t>(message.size());
}

/// "" when the connection is open and has served a request; it stays open as long as the process.
std::string open_one(const net::Address& address, std::uint64_t id) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, address.data(), address.length()) != 0) return std::strerror(errno);
  Message message = request_of(id);
  if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) {
    return std::strerror(errno);
  }
  if (!read_whole(fd, message)) return "the connection ended before the reply";
  return is_reply_to(message, id) ? "" : "that was not the reply";
}

int fail(const std::string& reason) {
  std::fprintf(stderr, "hold_connections: %s\n", reason.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: hold_connections HOST:PORT COUNT");
  const auto address = net::parse_address(argv[1]);
  if (const auto* reason = std::get_if<std::string>(&address)) return fail(*reason);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::string problem = open_one(std::get<net::Address>(address), i);
    if (!problem.empty()) return fail("connection " + std::to_string(i) + ": " + problem);
  }
  std::printf("holding %llu\n", static_cast<unsigned long long>(count));
  std::fflush(stdout);
  for (;;) ::pause();
}
