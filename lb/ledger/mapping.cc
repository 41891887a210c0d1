#include "lb/ledger/mapping.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "lb/ledger/latencies.h"
#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// Of other proxies.
template <class Place>
void place_peers(const Sizes& sizes, Layout::Offsets& at, Place place) {
  place(at.nodes, sizes.max_peers * sizeof(NodeRow));
  place(at.seats, kSharingPools * sizeof(SeatRow));
  place(at.seat_calls, sizes.max_servers * sizeof(SeatCallRow));
  place(at.seat_grants, sizes.max_workers * sizeof(SeatGrantRow));
}

/// Where the regions lie for these sizes, one behind the other; returns the bytes of the whole.
std::uint64_t place_regions(const Sizes& sizes, Layout::Offsets& at) {
  const std::uint64_t servers = sizes.max_servers, workers = sizes.max_workers, pairs = servers * workers;
  const std::uint64_t writers = workers + sizes.max_peers;
  std::uint64_t end = whole_pages(sizeof(Layout));
  const auto place = [&end](std::uint64_t& offset, std::uint64_t bytes) {
    offset = end;
    end += whole_pages(bytes);
  };
  place(at.finish, servers * sizeof(Cell<std::int64_t>));
  place(at.states, servers * sizeof(Cell<std::uint8_t>));
  place(at.servers, servers * sizeof(ServerRow));
  place(at.workers, workers * sizeof(WorkerRow));
  place(at.pairs, writers * servers * sizeof(PairRow));
  place(at.pair_counts, pairs * sizeof(PairCounts));
  place(at.worker_counts, workers * sizeof(WorkerCounts));
  place(at.pools, kMaxPools * sizeof(PoolRow));
  place(at.listeners, kMaxListenerRows * sizeof(ListenerRow));
  place(at.listener_cells, workers * kMaxListenerRows * sizeof(ListenerCells));
  place(at.lines, kLines * Layout::line_stride(sizes) * sizeof(Cell<std::int64_t>));
  place(at.waiting_types, kSharingPools * Layout::demand_stride(sizes) * sizeof(Cell<std::uint64_t>));
  place(at.lanes, writers * kSharingPools * kDemandTypes * sizeof(LaneRow));
  place(at.plans, kSharingPools * sizeof(PlanRow));
  place(at.promises, kSharingPools * sizeof(PromiseRow));
  place(at.calls, workers * sizeof(CallRow));
  place(at.cost_sums, pairs * sizeof(CostSums));
  place(at.learned, servers * sizeof(LearnedRow));
  place(at.rings, workers * sizeof(RecordRing));
  const std::uint64_t latencies = model::latency_blocks(sizes.max_workers, sizes.max_servers);
  place(at.latency_entries, latencies * sizeof(LatencyEntry));
  place(at.latency_blocks, latencies * model::LatencyBuckets::kCount * sizeof(Cell<std::uint64_t>));
  place(at.decisions, workers * sizeof(DecisionRing));
  const std::uint64_t sources = sizes.max_sources + Layout::kListenerRows;
  place(at.source_keys, sources * sizeof(Cell<std::uint64_t>));
  place(at.source_buckets, sources * sizeof(SourceBuckets));
  place(at.source_counts, sources * Layout::source_stride(sizes) * sizeof(Cell<std::uint32_t>));
  place_peers(sizes, at, place);
  place(at.source_rings, workers * sizeof(SourceRing));
  return end;
}

Sizes in_windows(Sizes sizes) {
  const std::uint32_t windows =
      std::max(sizes.max_sources + Layout::kWindow - 1, Layout::kWindow) / Layout::kWindow;
  sizes.max_sources = windows * Layout::kWindow;
  return sizes;
}

/// From the kernel; nobody outside is to know it, and a weak one costs no more than a limit.
std::array<std::uint64_t, 2> random_secret() {
  std::array<std::uint64_t, 2> secret{};
  if (::getrandom(&secret, sizeof secret, GRND_NONBLOCK) == sizeof secret) return secret;
  return {static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()), 0};
}

std::string failure(const char* what) { return std::string("ledger: ") + what + ": " + std::strerror(errno); }

std::string beyond_limit(std::uint64_t bytes) {
  return "ledger: needs " + std::to_string(bytes) +
         " bytes of shared memory, and the limit of the size of files is lower; raise it (ulimit -f, "
         "LimitFSIZE=) or "
         "lower proxy.max_servers, max_workers or max_sources";
}

/// Zeroed shared memory without a name, so that nothing is left behind; -1 with errno.
int zeroed_memory(std::uint64_t bytes) {
  const int fd = ::memfd_create("finishline-ledger", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(bytes)) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

/// Why a ledger of this layout is not what this program would have made; "" when it is. Magic and version
/// come first in every version; the rest means something only when these agree.
std::string misfit(const Layout& found, const Sizes& sizes) {
  Layout::Offsets offsets{};
  const std::uint64_t bytes = place_regions(sizes, offsets);
  if (found.magic != Layout::kMagic) return "ledger: not a ledger";
  if (found.version != Layout::kVersion)
    return "ledger: layout version " + std::to_string(found.version) + ", this program has version " +
           std::to_string(Layout::kVersion);
  if (std::memcmp(&found.sizes, &sizes, sizeof sizes) != 0)
    return "ledger: made for max_workers = " + std::to_string(found.sizes.max_workers) +
           ", max_servers = " + std::to_string(found.sizes.max_servers) +
           ", max_sources = " + std::to_string(found.sizes.max_sources) +
           " and max_peers = " + std::to_string(found.sizes.max_peers);
  if (found.bytes != bytes || std::memcmp(&found.offsets, &offsets, sizeof offsets) != 0)
    return "ledger: its regions lie elsewhere";
  return "";
}

}  // namespace

std::variant<Mapping, std::string> Mapping::create(const Sizes& wanted) {
  if (wanted.max_workers == 0 || wanted.max_servers == 0) return "ledger: no room for a worker or a server";
  const Sizes sizes = in_windows(wanted);
  Layout::Offsets offsets{};
  const std::uint64_t bytes = place_regions(sizes, offsets);
  Mapping made(zeroed_memory(bytes));
  if (made.fd_ < 0 && errno == EFBIG) return beyond_limit(bytes);
  if (made.fd_ < 0) return failure("cannot make shared memory");
  if (!made.map(bytes)) return failure("cannot map shared memory");
  Layout& layout = *made.layout_;
  layout.magic = Layout::kMagic;
  layout.version = Layout::kVersion;
  layout.sizes = sizes;
  layout.created_at = std::chrono::steady_clock::now().time_since_epoch().count();
  layout.bytes = bytes;
  layout.offsets = offsets;
  layout.source_secret = random_secret();
  return made;
}

std::variant<Mapping, std::string> Mapping::adopt(int fd, const Sizes& wanted) {
  struct stat file {};
  Mapping found(fd);  // from here on `fd` is closed on every way out
  if (::fstat(fd, &file) != 0) return failure("cannot be adopted");
  if (static_cast<std::size_t>(file.st_size) < sizeof(Layout)) return "ledger: too small to be one";
  if (!found.map(static_cast<std::size_t>(file.st_size))) return failure("cannot map shared memory");
  if (std::string why = misfit(*found.layout_, in_windows(wanted)); !why.empty()) return why;
  if (found.layout_->bytes > found.bytes_) return "ledger: cut short";
  return found;
}

bool Mapping::map(std::size_t bytes) {
  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (start == MAP_FAILED) return false;
  layout_ = static_cast<Layout*>(start);
  bytes_ = bytes;
  return true;
}

Mapping::Mapping(Mapping&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      fd_(std::exchange(other.fd_, -1)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(layout_, other.layout_);
  std::swap(bytes_, other.bytes_);
  std::swap(fd_, other.fd_);
  return *this;
}

Mapping::~Mapping() {
  if (layout_ != nullptr) ::munmap(layout_, bytes_);
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace finishline::ledger
