// A worker of the C library whose handlers a test writes, run by threads of the library.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "proto/c/finishline.h"
#include "tests/support/tcp_peer.h"

namespace finishline::test {

inline finishline_server_options server_options(std::uint32_t slots = 1) {
  finishline_server_options options{};
  options.types = "VPM";
  options.slots = slots;
  return options;
}

/// Listens, and nothing more.
class CServer {
 public:
  explicit CServer(const finishline_server_options& options = server_options()) {
    if (finishline_server_new("127.0.0.1:0", &options, &server_) != FINISHLINE_OK)
      throw std::runtime_error(finishline_error());
  }
  ~CServer() { finishline_server_free(server_); }
  CServer(const CServer&) = delete;

  finishline_server* get() const { return server_; }
  std::string address() const { return finishline_server_address(server_); }
  TcpPeer connect() const { return TcpPeer::connect_to(address()); }

  /// The next request, which is to be answered; throws when none comes.
  finishline_work* take() {
    finishline_work* work = nullptr;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience()).count();
    if (finishline_server_take(server_, static_cast<int>(ms), &work) != FINISHLINE_OK)
      throw std::runtime_error(finishline_error());
    return work;
  }

 private:
  finishline_server* server_ = nullptr;
};

/// One that runs `handle` until it is drained or stopped.
class RunningCServer : public CServer {
 public:
  using Handle = std::function<void(finishline_work*)>;

  explicit RunningCServer(Handle handle, const finishline_server_options& options = server_options())
      : CServer(options), handle_(std::move(handle)) {
    thread_ =
        std::thread([this] { result_ = finishline_server_run(get(), &RunningCServer::call, &handle_); });
  }
  ~RunningCServer() {
    finishline_server_stop(get());
    ended();
  }

  /// What run() has returned; waits for it.
  int ended() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  static void call(void* user, finishline_work* work) { (*static_cast<Handle*>(user))(work); }

  Handle handle_;
  int result_ = FINISHLINE_BAD_ARGUMENT;
  std::thread thread_;
};

/// Gives the body back.
inline void echo_work(finishline_work* work) {
  finishline_answer(work, FINISHLINE_OK, work->body, work->body_bytes);
}

}  // namespace finishline::test
