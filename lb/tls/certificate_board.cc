#include "lb/tls/certificate_board.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace finishline::tls {

CertificateBoard::CertificateBoard() {
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) shared_ = new (memory) Shared;  // the kernel gives zeros
}

CertificateBoard::~CertificateBoard() {
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

void CertificateBoard::write(std::uint32_t revision, const std::vector<Notice>& notices) {
  if (shared_ == nullptr || revision < shared_->revision.load()) return;
  shared_->revision.store(revision);
  shared_->count.store(0);
  const std::size_t count = std::min(notices.size(), kPlaces);
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = (notices[i].listener + '\0' + notices[i].name).substr(0, kMostName);
    text += '\0';
    Place& place = shared_->places[i];
    for (std::size_t at = 0; at < text.size(); ++at)
      place.text[at].store(text[at], std::memory_order_relaxed);
    place.text[text.size()].store('\0', std::memory_order_relaxed);
    place.until.store(notices[i].until, std::memory_order_relaxed);
  }
  shared_->count.store(static_cast<std::uint32_t>(count));
}

std::vector<CertificateBoard::Notice> CertificateBoard::read() const {
  std::vector<Notice> notices;
  const std::uint32_t count =
      shared_ == nullptr ? 0 : std::min<std::uint32_t>(shared_->count.load(), kPlaces);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Place& place = shared_->places[i];
    std::string texts[2];
    for (std::size_t at = 0, which = 0; which < 2 && at < kMostName + 2; ++at) {
      const char c = place.text[at].load(std::memory_order_relaxed);
      if (c == '\0') {
        ++which;
      } else {
        texts[which] += c;
      }
    }
    notices.push_back({texts[0], texts[1], place.until.load(std::memory_order_relaxed)});
  }
  return notices;
}

}  // namespace finishline::tls
