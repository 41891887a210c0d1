// The line between the master and one child: short orders in both directions over a socket pair made before
// the fork. An order's text travels as a descriptor of shared memory, so that sending never waits, however
// long the text and however busy the child.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lb/process/descriptor.h"

namespace finishline::process {

struct Order {
  enum class Kind : std::uint8_t {
    change,    // to all: work by the configuration in `text` (config/source.h), which is `revision`
    unlisten,  // to a worker that is to drain: nobody else takes from the listeners named in `text`, by line
    reload,    // from control: read the configuration file again; `revision` is the number of the asking. To
               // control: it is read now, and the outcome will be counted beyond `text` (ledger/revision.h)
    refused,   // to control: the last reload changed nothing; `text` says why
    log,       // to all: go on in the log file that comes with it, see send_log()
    drain,     // to all: finish what is begun, and end; `text` is for how many nanoseconds, "": as long as it
               // takes
    token,     // to control, before a change: changes over the admin server must bring `text`; "": none are
               // allowed
    read,      // from a reader: what it has read (master/config_reader.h)
    access,    // to a worker: go on in the access log that comes with it
    webhook_secret,  // to control, before a change: messages to alerts.webhook are signed with `text`
    mail_password,   // likewise: `text` is the password of alerts.mail_user
    overlay,  // from control: work by `text` (config/overlay.h) over the configuration file as it was read;
              // `revision` is the number of the asking
    overlay_refused,  // to control: the overlay of this number changed nothing; `text` says why
    share,    // from control, for the peer process, and back: changes that all proxies are to have, as
              // they are to stand in the engine, or do (peers/order_exchange.h)
    scale,    // from control: other scaled servers are wanted than before (ledger/scaled_server.h)
    upgrade,  // from control: become the program that stands in the program's file by now
  };
  Kind kind = Kind::change;
  std::uint32_t revision = 0;
  std::string text{};
};

/// Both ends; non-blocking, closed on exec.
struct OrderLine {
  Descriptor master;
  Descriptor child;
};
/// Empty ends, with errno, when the system has none.
OrderLine open_order_line();

/// False when it could not be sent: the other side does not read, or is gone.
bool send_order(int fd, const Order& order);
/// Whether the other side has closed its end, as a process that ends does.
bool other_end_closed(int fd);
/// An order of the kind `log` or `access`, with a descriptor that stays the caller's: children may not open
/// files.
bool send_log(int fd, int file, Order::Kind kind = Order::Kind::log);

struct Received {
  std::optional<Order> order;  // nothing: none is there now
  bool ended = false;          // and none will come: the other side is gone
  Descriptor file{};           // of an order of the kind `log` or `access`
};
Received receive_order(int fd);

}  // namespace finishline::process
