// The other proxies, as their reports come in: written into the ledger as the books of workers are, and taken
// out of it when a proxy falls silent. Peer process; no socket, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "lb/ledger/nodes.h"
#include "lb/peers/directory.h"
#include "lb/peers/node_view.h"

namespace finishline::peers {

class Nodes {
 public:
  struct Options {
    std::string name;  // our own
    std::uint64_t epoch = 0;
    Nanos silence = 150ms;
  };
  /// The ledger outlives it. Nodes that the process before this one has left in it count until they have been
  /// silent for too long.
  Nodes(ledger::Ledger& ledger, Directory directory, Options options, Instant now);

  struct Heard {
    bool own = false;                    // it is what we have said ourselves
    bool all = false;                    // its sender is to be told all
    bool room = false;                   // a server is free earlier than it seemed
    bool waiting = false;                // what waits elsewhere has changed
    std::optional<std::uint32_t> row{};  // of its sender, which counts
  };
  /// By this directory from now on, and this silence. What nodes have in lanes that it has not got is
  /// nothing, and they are to say all, for they were not listened to about new ones.
  void change_to(const Directory& directory, Nanos silence);

  Heard hear(const Report& report, std::size_t bytes, Instant now);
  /// To be called every few milliseconds.
  void look(Instant now);
  /// This process has not run for a while: nothing that is known may be believed.
  void forget_all(Instant now);

  /// We have to be told all by somebody.
  bool needs_full() const;
  /// How many count now.
  std::uint32_t here() const;

 private:
  struct Node {
    ledger::NodeBooks books;
    NodeView view;
    Instant heard_at{};
    bool counts = false;
  };

  Node* node(const std::string& name, Instant now);
  void refuse(const std::string& name, const char* why, Instant now);
  void write(Node& node, const NodeView::Taken& taken, Instant now, Heard& heard);
  void drop(Node& node, Instant now, bool left = false);

  ledger::Ledger& ledger_;
  Directory directory_;
  Options options_;
  std::map<std::string, Node, std::less<>> nodes_;
  Instant refused_at_{};  // told of last
};

}  // namespace finishline::peers
