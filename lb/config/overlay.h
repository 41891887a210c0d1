// What was changed while the proxy runs, over what its file says. It goes along with the file's text
// (source.h) and is applied before that is read, so the same keys and rules judge both. As text it is TOML:
//
//   removed = ["video-3"]      servers of the file that are gone
//   [added.video-9]            a server that the file does not have
//   pool = "media"
//   address = "10.0.0.9:9001"
//   [server.video-1]           keys that stand over those of the file; likewise [pool.NAME],
//   weight = 2.0               [listener.NAME], [alert.RULE]
//   [cost.video]               factors; false: this server type cannot do it
//   music = 2.5
//
// A change of what the file does not have any more changes nothing, nor does an added server that the file
// has by now, or whose pool is gone. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lb/config/document.h"

namespace finishline::config {

class Overlay {
 public:
  /// Of text() of an overlay; or why it is none.
  static std::variant<Overlay, Problem> parse(std::string_view text);

  /// `section` is "server", "pool", "listener", "cost" or "alert". Nothing: as the file says.
  void set(std::string_view section, const std::string& name, const std::string& key,
           std::optional<Node> value);
  /// All keys but the name.
  void add_server(const std::string& name, Table keys);
  /// `in_file`: the file has one of this name.
  void remove_server(const std::string& name, bool in_file);

  /// Of a server that was added; nullptr when none of this name was.
  const Table* added(std::string_view name) const;
  bool empty() const { return table_.empty(); }
  /// "" when it is empty.
  std::string text() const;
  const Table& table() const { return table_; }

  void apply_to(Table& document) const;

 private:
  Table table_;
};

/// Where a document has no costs at all, those that stand then, for the types that it has.
void spell_out_costs(Table& document);
/// Where it is kept in proxy.state_dir.
std::string overlay_file(const std::string& state_dir);

/// The entry of this key; nullptr when there is none.
const Node* find_node(const Table& table, std::string_view key);
/// Which of the tables of `section` ("server") has this name, counted from 0; nothing when none has.
std::optional<std::size_t> index_of_named(const Table& document, std::string_view section,
                                          std::string_view name);

}  // namespace finishline::config
