#include "lb/control/vitals_reader.h"

#include <algorithm>
#include <utility>

#include "lb/control/process_page.h"

namespace finishline::control {

/// One server's, read again and again over connections of its own.
class VitalsReader::Page : private net::StreamEvents {
 public:
  Page(net::Loop& loop, VitalsTarget target) : loop_(loop), target_(std::move(target)) {}

  const VitalsTarget& target() const { return target_; }
  std::optional<proto::ServerVitals> vitals() const { return vitals_; }

  /// One that has not come since the last time is given up.
  void read() {
    if (stream_) forget();
    text_.clear();
    stream_ = net::TcpStream::connect(loop_, target_.address, *this);
  }

 private:
  void on_connected() override {
    const std::string question = "GET " + target_.path + " HTTP/1.0\r\nHost: " + target_.host +
                                 "\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
    stream_.write(std::as_bytes(std::span(question)));
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text_.size() > kMostBytes) forget();
  }

  void on_end(net::End end) override {
    const std::size_t body = text_.find("\r\n\r\n");
    const bool good = end.orderly() && body != std::string::npos && text_.starts_with("HTTP/1.") &&
                      text_.size() > 12 && text_.substr(9, 3) == "200";
    stream_ = {};
    if (!good) return forget();
    take(process_page_of(std::string_view(text_).substr(body + 4)));
    text_ = {};
  }

  void take(const ProcessPage& page) {
    if (!page.cpu_seconds && !page.resident_bytes) return forget();
    const Instant now = loop_.now();
    proto::ServerVitals fresh{.memory_bytes = static_cast<std::uint64_t>(page.resident_bytes.value_or(0))};
    const double cpu = page.cpu_seconds.value_or(0),
                 span = std::chrono::duration<double>(now - read_at_).count();
    if (cpu_before_ && cpu >= *cpu_before_ && span > 0) fresh.cpu_percent = (cpu - *cpu_before_) / span * 100;
    cpu_before_ = page.cpu_seconds;
    read_at_ = now;
    vitals_ = fresh;
  }

  void forget() {
    stream_ = {};
    vitals_.reset();
    cpu_before_.reset();
  }

  net::Loop& loop_;
  VitalsTarget target_;
  net::TcpStream stream_;
  std::string text_;
  std::optional<proto::ServerVitals> vitals_;
  std::optional<double> cpu_before_;
  Instant read_at_{};
};

VitalsReader::VitalsReader(net::Loop& loop, std::vector<VitalsTarget> targets, Nanos interval)
    : loop_(loop), timer_(loop, [this] { read_all(); }) {
  change_to(std::move(targets));
  timer_.start(std::min<Nanos>(interval, 1s), interval);
}

VitalsReader::~VitalsReader() = default;

void VitalsReader::change_to(std::vector<VitalsTarget> targets) {
  auto before = std::exchange(pages_, {});
  for (VitalsTarget& target : targets) {
    const auto known = std::ranges::find_if(
        before, [&](const auto& page) { return page != nullptr && page->target() == target; });
    pages_.push_back(known != before.end() ? std::move(*known)
                                           : std::make_unique<Page>(loop_, std::move(target)));
  }
}

std::optional<proto::ServerVitals> VitalsReader::vitals(ledger::ServerId row) const {
  const auto found =
      std::ranges::find_if(pages_, [&](const auto& page) { return page->target().row == row; });
  return found == pages_.end() ? std::nullopt : (*found)->vitals();
}

void VitalsReader::read_all() {
  for (const auto& page : pages_) page->read();
}

}  // namespace finishline::control
