#include "lb/tls/ticket_keys.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace finishline::tls {
namespace {

constexpr int kTries = 1000;

TicketKey random_key() {
  TicketKey key;
  auto* at = reinterpret_cast<std::byte*>(&key);
  for (std::size_t done = 0; done < sizeof key;) {
    const ssize_t n = ::getrandom(at + done, sizeof key - done, 0);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return key;
}

}  // namespace

TicketKeys::TicketKeys() {
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  ::madvise(memory, sizeof(Shared), MADV_DONTDUMP);
  shared_ = new (memory) Shared{};
  rotate();
}

void TicketKeys::forget() {
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
  shared_ = nullptr;
}

void TicketKeys::rotate_if_due(std::int64_t now) {
  if (rotated_at_ == 0) rotated_at_ = now;
  if (shared_ == nullptr || now - rotated_at_ < kRotateSeconds) return;
  rotated_at_ = now;
  rotate();
}

void TicketKeys::rotate() {
  TicketKey fresh = random_key();
  std::array<std::uint64_t, kWords> words{};
  std::memcpy(words.data(), &fresh, sizeof fresh);
  ::explicit_bzero(&fresh, sizeof fresh);
  const std::uint32_t version = shared_->version.load(std::memory_order_relaxed);
  shared_->version.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t at = kKeys - 1; at > 0; --at)
    for (std::size_t i = 0; i < kWords; ++i)
      shared_->keys[at][i].store(shared_->keys[at - 1][i].load(std::memory_order_relaxed),
                                 std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) shared_->keys[0][i].store(words[i], std::memory_order_relaxed);
  shared_->count.store(std::min<std::uint32_t>(shared_->count.load(std::memory_order_relaxed) + 1, kKeys),
                       std::memory_order_relaxed);
  shared_->version.store(version + 2, std::memory_order_release);
  ::explicit_bzero(words.data(), sizeof words);
}

std::optional<std::array<TicketKey, TicketKeys::kKeys>> TicketKeys::read(std::uint32_t& count) const {
  for (int i = 0; shared_ != nullptr && i < kTries; ++i) {
    const std::uint32_t before = shared_->version.load(std::memory_order_acquire);
    std::array<std::array<std::uint64_t, kWords>, kKeys> words;
    for (std::size_t key = 0; key < kKeys; ++key)
      for (std::size_t word = 0; word < kWords; ++word)
        words[key][word] = shared_->keys[key][word].load(std::memory_order_relaxed);
    count = shared_->count.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || shared_->version.load(std::memory_order_relaxed) != before) continue;
    std::array<TicketKey, kKeys> keys;
    std::memcpy(static_cast<void*>(keys.data()), words.data(), sizeof keys);
    return keys;
  }
  return std::nullopt;
}

std::optional<TicketKey> TicketKeys::newest() const {
  std::uint32_t count = 0;
  const auto keys = read(count);
  return keys && count > 0 ? std::optional(keys->front()) : std::nullopt;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const std::byte> name) const {
  std::uint32_t count = 0;
  const auto keys = read(count);
  for (std::size_t i = 0; keys && i < count; ++i)
    if (std::ranges::equal((*keys)[i].name, name)) return Found{(*keys)[i], i == 0};
  return std::nullopt;
}

}  // namespace finishline::tls
