// One check of one server: connects, asks, hears the answer. Control process, on its loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lb/control/dialog.h"
#include "lb/net/loop.h"
#include "lb/net/source_addresses.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "lb/tls/client_context.h"

namespace finishline::control {

class Probe : private net::StreamEvents {
 public:
  enum class Kind : std::uint8_t {
    connect,  // a connection can be opened: nothing is said
    ping,     // the others: dialog.h
    http,
    redis,
    postgres,
  };
  struct Options {
    net::Address address;
    Kind kind = Kind::ping;
    std::string path = "/";  // http
    std::string host{};      // http; "": the address
    int first_status = 200;  // http
    int last_status = 399;   // http
    std::string user{};      // postgres
    Nanos timeout = 1s;      // from the start of the connection to the answer
    net::SourceAddresses sources{};
    const tls::ClientContext* tls = nullptr;  // none: without TLS
    std::string unresolved{};                 // why there is no address: then every check fails with that
    bool operator==(const Options&) const = default;
  };
  using Fault = ProbeFault;

  /// `done` hears the verdict of each start() once, from the loop; it may start the next.
  Probe(net::Loop& loop, Options options, std::function<void(const Fault&)> done);

  /// Over a connection of its own. Precondition: no check is under way.
  void start();
  /// What the server said of itself in the last check that passed, if it did.
  std::optional<proto::ServerVitals> vitals() const { return dialog_ ? dialog_->vitals() : std::nullopt; }
  bool under_way() const { return patience_.active(); }

 private:
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;

  void finish(const Fault& fault);

  net::Loop& loop_;
  Options options_;
  std::function<void(const Fault&)> done_;
  net::TcpStream stream_;
  net::Timer patience_;
  std::unique_ptr<Dialog> dialog_;  // none: connect
};

}  // namespace finishline::control
