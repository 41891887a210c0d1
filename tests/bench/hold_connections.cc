// Opens connections, sends one request on each, reads its reply and then holds them all idle until it is
// ended by a signal: for measuring what a proxy keeps per idle connection.
//   hold_connections HOST:PORT COUNT [UNREAD]
// With UNREAD so many further requests are sent on each, as far as the proxy takes them, and no reply is
// read: what a proxy keeps for slow readers. Prints "holding COUNT" once all have had their reply.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lb/net/socket.h"
#include "proto/frame.h"

namespace {

using namespace finishline;

constexpr std::size_t kBodyBytes = 8;
using Message = std::array<std::byte, proto::kHeaderBytes + kBodyBytes>;

Message request_of(std::uint64_t id) {
  Message message{};
  proto::encode_header({.body_bytes = kBodyBytes, .type = "VPM"[id % 3], .id = id, .length = 1},
                       message.data());
  return message;
}

bool read_whole(int fd, std::span<std::byte> bytes) {
  return ::recv(fd, bytes.data(), bytes.size(), MSG_WAITALL) == static_cast<ssize_t>(bytes.size());
}

/// "", or why what came is no good reply to this request.
std::string read_reply(int fd, std::uint64_t id) {
  std::array<std::byte, proto::kHeaderBytes> bytes;
  if (!read_whole(fd, bytes)) return "the connection ended before the reply";
  const proto::FrameHeader header = proto::decode_header(bytes.data());
  std::vector<std::byte> body(header.body_bytes);
  const bool good =
      header.kind == proto::Kind::reply && header.id == id && header.detail == 0 && read_whole(fd, body);
  return good ? "" : "that was not the reply";
}

/// Sends without waiting: who is not read any more stops here.
void pour(int fd, std::uint64_t count) {
  for (std::uint64_t id = 1; id <= count; ++id) {
    const Message message = request_of(id);
    if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
  }
}

/// "" when the connection is open and has served a request; it stays open as long as the process.
std::string open_one(const net::Address& address, std::uint64_t id, std::uint64_t unread) {
  const int fd = ::socket(address.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, address.data(), address.length()) != 0) return std::strerror(errno);
  const Message message = request_of(id);
  if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) {
    return std::strerror(errno);
  }
  std::string problem = read_reply(fd, id);
  const int narrow = 4096;  // what lies in the kernel is not what is measured
  if (unread > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow);
  if (problem.empty()) pour(fd, unread);
  return problem;
}

int fail(const std::string& reason) {
  std::fprintf(stderr, "hold_connections: %s\n", reason.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return fail("usage: hold_connections HOST:PORT COUNT [UNREAD]");
  const auto address = net::parse_address(argv[1]);
  if (const auto* reason = std::get_if<std::string>(&address)) return fail(*reason);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const std::uint64_t unread = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::string problem = open_one(std::get<net::Address>(address), i, unread);
    if (!problem.empty()) return fail("connection " + std::to_string(i) + ": " + problem);
  }
  std::printf("holding %llu\n", static_cast<unsigned long long>(count));
  std::fflush(stdout);
  for (;;) ::pause();
}
