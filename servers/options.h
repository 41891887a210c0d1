// How a reference server was asked to behave.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "lb/net/socket.h"
#include "lb/tls/server_context.h"
#include "proto/cost_model.h"
#include "proto/frame.h"
#include "servers/command_line.h"
#include "servers/faults.h"

namespace finishline::server {

/// The work is done by a command. See job_runner.h.
struct ExecOptions {
  CommandLine command{};
  std::optional<Nanos> timeout{};  // of a job, wall time
  net::ChildLimits limits{};       // the memory of each process, the CPU time of each job
  std::uint32_t keep_alive = 0;    // so many processes that do many jobs; 0: one for each job
};

enum class Protocol : std::uint8_t { frame, mini };

struct Options {
  net::Address listen;                  // port 0: the kernel chooses
  std::optional<net::Address> admin{};  // HTTP, likewise; nothing: none
  Protocol protocol = Protocol::frame;
  CostModel cost = CostModel::seed(1ms);
  ServerType type = 0;
  double speed = 1.0;
  std::uint32_t slots = 1;                     // pieces of work at once
  bool burn = false;                           // keeps a core busy for the time of the work
  std::optional<std::uint32_t> reply_bytes{};  // size of a reply's body; nothing: the request's own
  std::uint32_t max_body = proto::kDefaultMaxBody;
  std::optional<ExecOptions> exec{};  // nothing: the work is to wait, or to burn
  FaultOptions faults;
  std::shared_ptr<const tls::ServerContext> tls{};  // none: without TLS
};

}  // namespace finishline::server
