// The memory of a ledger: made, taken over from the program before, unmapped. What lies in it is drawn in
// layout.h. Master process; children inherit it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace finishline::ledger {

struct Layout;  // layout.h

struct Sizes {
  std::uint32_t max_workers = 64;
  std::uint32_t max_servers = 1024;
  std::uint32_t max_sources = 1024;  // taken as the next multiple of 8
  std::uint32_t max_peers = 8;       // other proxies that share the servers: nodes.h
};

class Mapping {
 public:
  /// See Ledger::create and Ledger::adopt.
  static std::variant<Mapping, std::string> create(const Sizes& wanted);
  static std::variant<Mapping, std::string> adopt(int fd, const Sizes& wanted);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();  // unmaps, in this process

  Layout& layout() { return *layout_; }
  const Layout& layout() const { return *layout_; }
  int descriptor() const { return fd_; }

 private:
  explicit Mapping(int fd) : fd_(fd) {}
  bool map(std::size_t bytes);

  Layout* layout_ = nullptr;
  std::size_t bytes_ = 0;
  int fd_ = -1;
};

}  // namespace finishline::ledger
