#include "lb/control/dialog.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/frame.h"

namespace finishline::control {
namespace {

const ProbeFault kPassed{};

/// The beginning of an answer in text, up to so many bytes.
class Beginning {
 public:
  explicit Beginning(std::size_t most) : most_(most) {}
  void clear() { text_.clear(); }
  void add(std::span<const std::byte> bytes) {
    text_.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), most_ - text_.size()));
  }
  const std::string& text() const { return text_; }
  bool full() const { return text_.size() == most_; }

 private:
  std::size_t most_;
  std::string text_;
};

// --- ping ----------------------------------------------------------------------------------------------

class PingDialog final : public Dialog {
 public:
  std::string question() override {
    frames_ = proto::FrameDecoder(proto::Direction::answers, proto::kMaxVitalsBytes);
    vitals_.reset();
    std::string bytes(proto::kHeaderBytes, '\0');
    proto::encode_header({.kind = proto::Kind::ping, .id = ++id_, .length = proto::kWantsVitals},
                         reinterpret_cast<std::byte*>(bytes.data()));
    return bytes;
  }

  std::optional<ProbeFault> on_bytes(std::span<const std::byte> bytes) override {
    bool answered = false;
    const bool are_frames = frames_.take_all(bytes, [&](const proto::Frame& frame, auto /*step*/) {
      answered = frame.header.kind == proto::Kind::pong && frame.header.id == id_;  // else it may yet come
      if (answered) vitals_ = proto::parse_vitals(text_of(frame.body));  // nobody wants more than they may be
      return !answered;
    });
    if (answered) return kPassed;
    if (!are_frames) return ProbeFault("the answer is no frame");
    return std::nullopt;
  }

  std::optional<proto::ServerVitals> vitals() const override { return vitals_; }

 private:
  static std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  proto::FrameDecoder frames_{proto::Direction::answers, proto::kMaxVitalsBytes};
  std::optional<proto::ServerVitals> vitals_;
  std::uint64_t id_ = 0;  // of the last ping
};

// --- http ----------------------------------------------------------------------------------------------

class HttpDialog final : public Dialog {
 public:
  HttpDialog(std::string_view path, std::string_view host, int first, int last)
      : question_("GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
                  "\r\nUser-Agent: finishline\r\nConnection: close\r\n\r\n"),
        first_(first),
        last_(last) {}

  std::string question() override {
    line_.clear();
    return question_;
  }

  std::optional<ProbeFault> on_bytes(std::span<const std::byte> bytes) override {
    line_.add(bytes);
    if (!line_.full()) return std::nullopt;
    const std::string& line = line_.text();
    int status = 0;
    const auto end = std::from_chars(line.data() + kStatus, line.data() + line.size(), status);
    const bool http =
        line.starts_with("HTTP/1.") && line[kStatus - 1] == ' ' && end.ptr == line.data() + line.size();
    if (!http) return ProbeFault("the answer is no HTTP");
    return status >= first_ && status <= last_ ? kPassed : ProbeFault("HTTP status " + line.substr(kStatus));
  }

 private:
  static constexpr std::size_t kStatus = 9;  // where it stands in "HTTP/1.1 200"

  std::string question_;
  int first_, last_;
  Beginning line_{kStatus + 3};
};

// --- redis ---------------------------------------------------------------------------------------------

class RedisDialog final : public Dialog {
 public:
  std::string question() override {
    line_.clear();
    return "*1\r\n$4\r\nPING\r\n";
  }

  std::optional<ProbeFault> on_bytes(std::span<const std::byte> bytes) override {
    line_.add(bytes);
    const std::size_t end = line_.text().find("\r\n");
    if (end == std::string::npos && !line_.full()) return std::nullopt;
    const std::string line = line_.text().substr(0, end);
    if (line == "+PONG" || line.starts_with("-NOAUTH ")) return kPassed;
    return ProbeFault(line.starts_with('-') ? "redis says " + line : "the answer is no Redis");
  }

 private:
  Beginning line_{120};
};

// --- postgres ------------------------------------------------------------------------------------------

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

void append_number(std::string& to, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(number >> shift & 0xff);
}

/// Of an error: the text of the field that begins with this letter; "" when there is none.
std::string_view error_field(std::string_view fields, char letter) {
  while (!fields.empty() && fields.front() != '\0') {
    const std::size_t end = std::min(fields.find('\0'), fields.size());
    if (fields.front() == letter) return fields.substr(1, end - 1);
    fields.remove_prefix(std::min(end + 1, fields.size()));
  }
  return {};
}

class PostgresDialog final : public Dialog {
 public:
  explicit PostgresDialog(std::string_view user) {
    std::string words = std::string("user") + '\0' + std::string(user) + '\0' + '\0';
    append_number(question_, static_cast<std::uint32_t>(words.size() + 8));
    append_number(question_, kVersion);
    question_ += words;
  }

  std::string question() override {
    answer_.clear();
    return question_;
  }

  std::optional<ProbeFault> on_bytes(std::span<const std::byte> bytes) override {
    answer_.add(bytes);
    const std::string& text = answer_.text();
    if (text.empty()) return std::nullopt;
    if (text.front() != 'R' && text.front() != 'E') return ProbeFault("the answer is no PostgreSQL");
    if (text.size() < kHead) return std::nullopt;
    const std::size_t size = number_at(text, 1);  // with itself
    if (size < kHead - 1 || size > kLargest) return ProbeFault("the answer is no PostgreSQL");
    if (text.front() == 'R') return kPassed;
    if (text.size() < size + 1 && !answer_.full()) return std::nullopt;
    return judge(std::string_view(text).substr(kHead, size + 1 - kHead));
  }

 private:
  static constexpr std::uint32_t kVersion = 3U << 16;
  static constexpr std::size_t kHead = 5;  // letter and size of a message
  static constexpr std::size_t kLargest = 30000;

  /// Class 28: who may not come in. 3D000: the database of that user does not exist.
  static ProbeFault judge(std::string_view fields) {
    const std::string_view code = error_field(fields, 'C');
    if (code.starts_with("28") || code == "3D000") return kPassed;
    return "postgres says " + std::string(error_field(fields, 'M'));
  }

  std::string question_;
  Beginning answer_{1000};
};

}  // namespace

std::unique_ptr<Dialog> ping_dialog() { return std::make_unique<PingDialog>(); }

std::unique_ptr<Dialog> http_dialog(std::string_view path, std::string_view host, int first, int last) {
  return std::make_unique<HttpDialog>(path, host, first, last);
}

std::unique_ptr<Dialog> redis_dialog() { return std::make_unique<RedisDialog>(); }

std::unique_ptr<Dialog> postgres_dialog(std::string_view user) {
  return std::make_unique<PostgresDialog>(user);
}

}  // namespace finishline::control
