// Values by small numbers of the caller's, in pages of 64: a page is there while one of its places is held,
// so that a column takes memory by what is in use and not by the largest number ever. Floor 1: pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace finishline::sched {

template <class Value>
class PagedColumn {
 public:
  /// Precondition of both: the place is held.
  Value& operator[](std::uint32_t place) { return pages_[place / kPage]->values[place % kPage]; }
  const Value& operator[](std::uint32_t place) const { return pages_[place / kPage]->values[place % kPage]; }
  bool holds(std::uint32_t place) const {
    const std::size_t at = place / kPage;
    return at < pages_.size() && pages_[at] != nullptr && (pages_[at]->held >> place % kPage & 1) != 0;
  }

  /// Its value is a new one. Precondition: the place is not held.
  Value& hold(std::uint32_t place) {
    const std::size_t at = place / kPage;
    if (at >= pages_.size()) pages_.resize(at + 1);
    if (pages_[at] == nullptr) pages_[at] = spare_ != nullptr ? std::move(spare_) : std::make_unique<Page>();
    pages_[at]->held |= bit(place);
    return pages_[at]->values[place % kPage] = Value();
  }
  /// Precondition: it is held.
  void leave(std::uint32_t place) {
    std::unique_ptr<Page>& page = pages_[place / kPage];
    page->held &= ~bit(place);
    if (page->held == 0) spare_ = std::move(page);
  }

 private:
  static constexpr std::uint32_t kPage = 64;  // a bit each
  static std::uint64_t bit(std::uint32_t place) { return std::uint64_t{1} << place % kPage; }
  struct Page {
    std::array<Value, kPage> values{};
    std::uint64_t held = 0;
  };

  std::vector<std::unique_ptr<Page>> pages_;  // nullptr where none is held
  std::unique_ptr<Page> spare_;               // of the last one that emptied
};

}  // namespace finishline::sched
