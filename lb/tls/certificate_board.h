// What certificates the workers show, and until when they are good: written by workers when they begin, read
// by control for metrics and alerts, which has none of the files. Shared memory made by the master.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/tls/certificate_time.h"

namespace finishline::tls {

class CertificateBoard {
 public:
  /// So many are shown at most; further ones are not told of.
  static constexpr std::size_t kPlaces = 1024;
  static constexpr std::size_t kMostName = 120;  // of a listener and a certificate together

  CertificateBoard();
  ~CertificateBoard();
  CertificateBoard(const CertificateBoard&) = delete;
  CertificateBoard& operator=(const CertificateBoard&) = delete;

  struct Notice {
    std::string listener;
    std::string name;  // the first that it is good for
    CalendarTime until = 0;
  };
  /// All that workers of this revision of the configuration show. Several workers write the same; what an
  /// earlier revision wrote gives way, what a later one wrote stays.
  void write(std::uint32_t revision, const std::vector<Notice>& notices);
  std::vector<Notice> read() const;

 private:
  struct Place {
    std::atomic<CalendarTime> until{};
    std::atomic<char> text[kMostName + 2]{};  // "listener\0name\0"
  };
  struct Shared {
    std::atomic<std::uint32_t> revision{};
    std::atomic<std::uint32_t> count{};
    Place places[kPlaces];
  };
  Shared* shared_ = nullptr;
};

}  // namespace finishline::tls
