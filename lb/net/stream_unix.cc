// How a stream connects to a Unix socket.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "lb/net/stream_block.h"

namespace finishline::net {

void StreamBlock::connect_unix(const Address& address) {
  end_code = open_unix(address);
  if (end_code == 0) {
    life.enter(StreamLife::connecting);
    arriving = true;
    in_kernel_queue = 1;
    account();
    start_reading();
  } else {
    output.enter(StreamOutput::failed);
  }
  mark_dirty();
}

/// 0 or a negative code of libuv's, which connects TCP alone, but takes any socket that is connected.
int StreamBlock::open_unix(const Address& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  int code = ::connect(fd, address.data(), address.length()) == 0 ? 0 : uv_translate_sys_error(errno);
  if (code == 0) code = uv_tcp_open(&handle, fd);
  if (code != 0) ::close(fd);
  return code;
}

void StreamBlock::arrive() {
  arriving = false;
  in_kernel_queue = 0;
  account();
  if (!out.empty()) mark_dirty();
  on_connected(0);
}

}  // namespace finishline::net
