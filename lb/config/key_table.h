// The table of configuration keys: one row per key, from which the parser, its messages, the sample file's
// test and the manual are made. A new key is a member in config.h, a row here and a line in the sample.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

/// [work], before it becomes a CostModel.
struct Work {
  Nanos unit = 1ms;
  std::vector<RequestTypeSpec> types = {{"video", 'V'}, {"picture", 'P'}, {"music", 'M'}};
  std::uint32_t max_length = 1000000;
};

/// One line of [cost.SERVER_TYPE].
struct CostFactor {
  double factor = 1.0;
};

/// Where the value of a key goes: a member of the struct S of its section, of a type that S has.
template <class S, class... T>
using MemberOf = std::variant<T S::*...>;

template <class S>
struct FieldOf;
template <>
struct FieldOf<Proxy>
    : std::type_identity<MemberOf<Proxy, bool, std::uint32_t, std::uint64_t, std::string, Nanos,
                                  std::optional<Nanos>, net::Networks, std::vector<std::string>>> {};
template <>
struct FieldOf<Log> : std::type_identity<MemberOf<Log, double, std::string, Nanos, LogFormat, LogLevel>> {};
template <>
struct FieldOf<Work>
    : std::type_identity<MemberOf<Work, std::uint32_t, Nanos, std::vector<RequestTypeSpec>>> {};
template <>
struct FieldOf<CostFactor> : std::type_identity<MemberOf<CostFactor, double>> {};
template <>
struct FieldOf<Listener>
    : std::type_identity<
          MemberOf<Listener, bool, std::uint32_t, double, std::string, Nanos, Mode, Rate, net::Networks,
                   std::vector<std::string>, tls::MinVersion, tls::ClientAuth, Routes, net::NetworkWeights>> {
};
template <>
struct FieldOf<Pool>
    : std::type_identity<
          MemberOf<Pool, std::uint32_t, double, std::string, Nanos, std::optional<Nanos>,
                   std::optional<std::uint32_t>, Check, WhenFull, WhenBound, Admit, Learn, ShareBy,
                   sched::WaitOrder, sched::Distance, LoadBy, Bulk, std::vector<Nanos>>> {};
template <>
struct FieldOf<Peers>
    : std::type_identity<MemberOf<Peers, bool, std::string, Nanos, std::vector<std::string>>> {};
template <>
struct FieldOf<Alerts> : std::type_identity<MemberOf<Alerts, bool, std::string, Nanos, StartTls>> {};
template <>
struct FieldOf<alert::AlertRule>
    : std::type_identity<MemberOf<alert::AlertRule, bool, double, Nanos, alert::Severity>> {};
template <>
struct FieldOf<Server>
    : std::type_identity<MemberOf<Server, bool, std::uint32_t, double, std::string, Nanos, Mode, SendProxy,
                                  Resolve, std::vector<net::Address>, std::vector<std::string>>> {};

template <>
struct FieldOf<Scale>
    : std::type_identity<MemberOf<Scale, bool, std::uint32_t, double, std::string, Nanos, sched::ScaleBy>> {};
template <>
struct FieldOf<ScaledServers>
    : std::type_identity<
          MemberOf<ScaledServers, std::uint32_t, std::uint64_t, double, std::string, Nanos, Mode>> {};

template <class S>
using Field = typename FieldOf<S>::type;

/// In the order of AnyField.
enum class Section : std::uint8_t {
  proxy,
  log,
  work,
  cost,
  listener,
  pool,
  server,
  alerts,
  alert,
  peers,
  scale,
  scaled
};
using AnyField = std::variant<Field<Proxy>, Field<Log>, Field<Work>, Field<CostFactor>, Field<Listener>,
                              Field<Pool>, Field<Server>, Field<Alerts>, Field<alert::AlertRule>,
                              Field<Peers>, Field<Scale>, Field<ScaledServers>>;

enum class Shape : std::uint8_t {
  single,  // [proxy]
  named,   // [pool.NAME]
  array,   // [[server]]
  nested,  // [pool.NAME.scale]: in another section
};

struct SectionRow {
  std::string_view name;  // "server"
  Shape shape;
  std::string_view header;  // as in a file: "[[server]]"
  std::string_view prose;
};
std::span<const SectionRow> sections();
const SectionRow& row_of(Section section);

enum class Type : std::uint8_t {
  boolean,
  integer,
  size,           // an integer or a text such as "16MiB"
  number,         // an integer or a decimal fraction
  duration,       // a text such as "10s"
  auto_duration,  // likewise, or "auto"
  auto_integer,   // an integer, or "auto"
  distance,       // a number, or a duration up to kFarthest
  choice,         // one of the words of the range
  name,           // a text that can stand in logs, metrics and command lines
  text,
  file,       // a text: relative names go by the configuration file's folder (folder.h)
  address,    // "HOST:PORT"
  rate,       // a text such as "100/s"
  networks,   // ["10.0.0.0/8", "::1"]
  hosts,      // ["10.0.0.5", "10.0.0.6"]
  durations,  // ["0s", "50ms"]
  types,      // { video = "V", ... }
  texts,      // ["one", "two"]
  files,      // ["a.pem", "b.pem"], as file
  routes,     // { "www.example.org" = "web" }
  weights,    // { "10.0.0.0/8" = 3 }
};

enum class Reload : bool { no, yes };

struct Key {
  AnyField field;
  std::string_view name;  // kAnyName: every key of the section
  Type type;
  /// As in a file, but without the quotes; nothing where the key must be given.
  std::optional<std::string_view> default_text;
  std::string_view range;  // "1..64", both ends included; "text|json"; "" where any value will do
  std::string_view unit;   // "" where the type tells
  Reload reload;           // whether a reload can change it
  std::string_view prose;

  Section section() const { return static_cast<Section>(field.index()); }
};

inline constexpr std::string_view kAnyName = "*";
/// The longest duration that is a distance.
inline constexpr std::string_view kFarthest = "1h";
/// The longest name of a server, listener, pool or type.
inline constexpr std::size_t kMaxName = 63;

std::span<const Key> keys();
/// nullptr when the section has no such key.
const Key* find_key(Section section, std::string_view name);

/// What a value of this key looks like: "an integer from 1 to 64", "one of text, json".
std::string expectation(const Key& key);
/// A value in the words of a file: "\"10s\"", "5", "true".
std::string quoted(Type type, std::string_view text);
/// The words of a choice, in the order of the enum.
std::vector<std::string_view> choices(std::string_view range);
/// The ends of a range, as text; nothing where there is none.
std::optional<std::pair<std::string_view, std::string_view>> ends_of(std::string_view range);

}  // namespace finishline::config
