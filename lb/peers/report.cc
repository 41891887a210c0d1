#include "lb/peers/report.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace finishline::peers {
namespace {

constexpr std::string_view kMagic = "FLP1";
enum Flag : std::uint8_t { kFull = 1, kWantsFull = 2, kLeaving = 4, kSeats = 8, kAllFlags = 15 };
// The fewest bytes that one can have.
constexpr std::size_t kLeastServer = 13, kLeastLane = 15, kLeastCall = 26, kLeastSeat = 8;
constexpr std::uint8_t kReasons = 4;                        // of sched::Reason
constexpr std::int64_t kLongestUs = std::int64_t{1} << 52;  // what a double holds exactly: 142 years

std::uint64_t hashed(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;  // FNV-1a
  return hash;
}

// --- writing -----------------------------------------------------------------------------------------

class ReportWriter {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void fixed(std::uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void span(Nanos value) {
    const std::int64_t us = std::clamp(value.count() / 1000, -kLongestUs, kLongestUs);
    number((static_cast<std::uint64_t>(us) << 1) ^ static_cast<std::uint64_t>(us >> 63));
  }
  void text(std::string_view value) {
    byte(static_cast<std::uint8_t>(value.size()));
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{kMagic};
};

void write(ReportWriter& to, const ServerReport& it) {
  to.fixed(it.key, 8);
  to.span(it.owed);
  to.number(it.in_flight);
  to.number(it.sent);
  to.byte(static_cast<std::uint8_t>(it.turn));
  to.span(it.ago);
}

void write(ReportWriter& to, const LaneReport& it) {
  to.fixed(it.key, 8);
  to.number(it.count);
  to.number(it.volume);
  to.span(it.head_age);
  to.number(it.head_length);
  to.number(it.longest);
  to.number(it.shortest);
  to.byte(it.until_urgent.has_value() ? 1 : 0);
  if (it.until_urgent) {
    to.span(*it.until_urgent);
    to.number(it.urgent_length);
  }
}

void write(ReportWriter& to, const Call& it) {
  to.fixed(it.node, 8);
  to.fixed(it.server, 8);
  to.fixed(it.lane, 8);
  to.number(it.length);
  to.byte(it.reason);
}

void write(ReportWriter& to, std::uint64_t key) { to.fixed(key, 8); }

template <class Items>
void write_all(ReportWriter& to, const Items& items) {
  to.number(items.size());
  for (const auto& item : items) write(to, item);
}

// --- reading -----------------------------------------------------------------------------------------

/// What cannot be read is 0, and the whole is not good() any more.
class ReportReader {
 public:
  explicit ReportReader(std::string_view bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  std::size_t left() const { return bytes_.size(); }
  void fail() { good_ = false; }

  std::uint8_t byte() {
    if (bytes_.empty()) return fail(), 0;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint64_t fixed(int width) {
    std::uint64_t value = 0;
    for (int i = 0; i < width; ++i) value = value << 8 | byte();
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const std::uint8_t part = byte();
      value |= std::uint64_t{part & 0x7fU} << shift;
      if ((part & 0x80) == 0) return value;
    }
    return fail(), 0;
  }
  std::uint32_t number32() {
    const std::uint64_t value = number();
    if (value > std::numeric_limits<std::uint32_t>::max()) fail();
    return static_cast<std::uint32_t>(value);
  }
  Nanos span() {
    const std::uint64_t folded = number();
    const auto us = static_cast<std::int64_t>(folded >> 1) ^ -static_cast<std::int64_t>(folded & 1);
    if (us > kLongestUs || us < -kLongestUs) return fail(), 0ns;
    return Nanos(us * 1000);
  }
  std::string text() {
    const std::size_t size = byte();
    if (size > bytes_.size()) return fail(), std::string();
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

void read(ReportReader& from, ServerReport& to) {
  to.key = from.fixed(8);
  to.owed = from.span();
  to.in_flight = from.number32();
  to.sent = from.number();
  const std::uint8_t turn = from.byte();
  if (turn > static_cast<std::uint8_t>(Turn::begun) || to.owed < 0ns) from.fail();
  to.turn = static_cast<Turn>(turn);
  to.ago = from.span();
  if (to.ago < 0ns) from.fail();
}

void read(ReportReader& from, LaneReport& to) {
  to.key = from.fixed(8);
  to.count = from.number32();
  to.volume = from.number();
  to.head_age = from.span();
  to.head_length = from.number32();
  to.longest = from.number32();
  to.shortest = from.number32();
  const std::uint8_t urgent = from.byte();
  if (urgent > 1) from.fail();
  if (urgent != 1) return;
  to.until_urgent = from.span();
  to.urgent_length = from.number32();
}

void read(ReportReader& from, Call& to) {
  to.node = from.fixed(8);
  to.server = from.fixed(8);
  to.lane = from.fixed(8);
  to.length = from.number32();
  to.reason = from.byte();
  if (to.reason >= kReasons) from.fail();
}

void read(ReportReader& from, std::uint64_t& to) { to = from.fixed(8); }

/// No more room is taken than the bytes that are there can fill.
template <class Item>
void read_all(ReportReader& from, std::vector<Item>& to, std::size_t least) {
  const std::uint64_t count = from.number();
  if (count > from.left() / least) return from.fail();
  to.reserve(count);
  for (std::uint64_t i = 0; i < count && from.good(); ++i) read(from, to.emplace_back());
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::uint64_t key_of(std::string_view name) { return hashed(0xcbf29ce484222325ULL, name); }

std::uint64_t key_of(std::string_view pool, std::string_view lane) {
  return hashed(hashed(key_of(pool), std::string_view("\0", 1)), lane);
}

std::string encode(const Report& report) {
  ReportWriter to;
  to.byte(static_cast<std::uint8_t>((report.full ? kFull : 0) | (report.wants_full ? kWantsFull : 0) |
                                    (report.leaving ? kLeaving : 0) | (report.seats.empty() ? 0 : kSeats)));
  to.fixed(report.epoch, 8);
  to.fixed(report.sequence, 4);
  to.text(std::string_view(report.name).substr(0, kMaxName));
  write_all(to, report.servers);
  write_all(to, report.lanes);
  write_all(to, report.calls);
  if (!report.seats.empty()) write_all(to, report.seats);
  return to.take();
}

std::optional<Report> decode(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() > kMaxReport) return std::nullopt;
  ReportReader from(bytes.substr(kMagic.size()));
  const std::uint8_t flags = from.byte();
  Report report{.full = (flags & kFull) != 0,
                .wants_full = (flags & kWantsFull) != 0,
                .leaving = (flags & kLeaving) != 0,
                .epoch = from.fixed(8),
                .sequence = static_cast<std::uint32_t>(from.fixed(4)),
                .name = from.text()};
  read_all(from, report.servers, kLeastServer);
  read_all(from, report.lanes, kLeastLane);
  read_all(from, report.calls, kLeastCall);
  if ((flags & kSeats) != 0) {
    read_all(from, report.seats, kLeastSeat);
    if (report.seats.empty()) from.fail();
  }
  if (!from.good() || from.left() > 0 || flags > kAllFlags || !is_name(report.name)) return std::nullopt;
  return report;
}

}  // namespace finishline::peers
