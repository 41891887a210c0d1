#include "lb/ledger/ledger.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lb/ledger/layout.h"
#include "lb/ledger/source_table.h"
#include "lb/ledger/worker_status.h"
#include "lb/sched/policy.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;

// How often a correction sums again because the word moved. The last may give up: whoever moved the word
// summed as well, and the next settlement or audit corrects what little is left.
constexpr int kTries = 8;

constexpr std::array<std::string_view, kServerStates> kStateNames{
    "absent", "up", "down", "draining", "ejected", "half_open", "slow_start"};
constexpr std::array<std::string_view, 2> kAdminNames{"ready", "drain"};

std::int64_t ns(Instant t) { return t.time_since_epoch().count(); }

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

/// Where the regions lie for these sizes, one behind the other; returns the bytes of the whole.
std::uint64_t place_regions(const Sizes& sizes, Layout::Offsets& at) {
  const std::uint64_t servers = sizes.max_servers, workers = sizes.max_workers, pairs = servers * workers;
  std::uint64_t end = whole_pages(sizeof(Layout));
  const auto place = [&end](std::uint64_t& offset, std::uint64_t bytes) {
    offset = end;
    end += whole_pages(bytes);
  };
  place(at.finish, servers * sizeof(Cell<std::int64_t>));
  place(at.states, servers * sizeof(Cell<std::uint8_t>));
  place(at.servers, servers * sizeof(ServerRow));
  place(at.workers, workers * sizeof(WorkerRow));
  place(at.pairs, pairs * sizeof(PairRow));
  place(at.pair_counts, pairs * sizeof(PairCounts));
  place(at.worker_counts, workers * sizeof(WorkerCounts));
  place(at.pools, kMaxPools * sizeof(PoolRow));
  place(at.rings, workers * sizeof(RecordRing));
  place(at.source_keys, sizes.max_sources * sizeof(Cell<std::uint64_t>));
  place(at.source_buckets, sizes.max_sources * sizeof(SourceBuckets));
  place(at.source_counts, sizes.max_sources * Layout::source_stride(sizes) * sizeof(Cell<std::uint32_t>));
  return end;
}

Sizes in_windows(Sizes sizes) {
  const std::uint32_t windows = std::max(sizes.max_sources + Layout::kWindow - 1, Layout::kWindow) / Layout::kWindow;
  sizes.max_sources = windows * Layout::kWindow;
  return sizes;
}

/// From the kernel; nobody outside is to know it, and a weak one costs no more than a limit.
std::uint64_t random_secret() {
  std::uint64_t secret = 0;
  if (::getrandom(&secret, sizeof secret, GRND_NONBLOCK) == sizeof secret) return secret;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

std::string failure(const char* what) { return std::string("ledger: ") + what + ": " + std::strerror(errno); }

void* map(int fd, std::uint64_t bytes) {
  return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
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
           " and max_sources = " + std::to_string(found.sizes.max_sources);
  if (found.bytes != bytes || std::memcmp(&found.offsets, &offsets, sizeof offsets) != 0)
    return "ledger: its regions lie elsewhere";
  return "";
}

}  // namespace

std::string_view name_of(ServerState state) { return kStateNames[static_cast<std::size_t>(state)]; }
std::string_view name_of(AdminState state) { return kAdminNames[static_cast<std::size_t>(state)]; }

ServerState effective_state(AdminState admin, sched::Health health) {
  if (admin == AdminState::drain) return ServerState::draining;
  switch (health) {
    case sched::Health::up:
      return ServerState::up;
    case sched::Health::down:
      return ServerState::down;
    case sched::Health::ejected:
      return ServerState::ejected;
    case sched::Health::half_open:
      return ServerState::half_open;
    case sched::Health::slow_start:
      return ServerState::slow_start;
  }
  return ServerState::down;
}

// --- making and unmaking -----------------------------------------------------------------------------

std::variant<Ledger, std::string> Ledger::create(const Sizes& wanted) {
  if (wanted.max_workers == 0 || wanted.max_servers == 0) return "ledger: no room for a worker or a server";
  const Sizes sizes = in_windows(wanted);
  Layout::Offsets offsets{};
  const std::uint64_t bytes = place_regions(sizes, offsets);
  const int fd = zeroed_memory(bytes);
  if (fd < 0) return failure("cannot make shared memory");
  void* start = map(fd, bytes);
  if (start == MAP_FAILED) {
    std::string why = failure("cannot map shared memory");
    ::close(fd);
    return why;
  }
  auto* layout = static_cast<Layout*>(start);
  layout->magic = Layout::kMagic;
  layout->version = Layout::kVersion;
  layout->sizes = sizes;
  layout->created_at = ns(std::chrono::steady_clock::now());
  layout->bytes = bytes;
  layout->offsets = offsets;
  layout->source_secret = random_secret();
  return Ledger(layout, bytes, fd);
}

std::variant<Ledger, std::string> Ledger::adopt(int fd, const Sizes& wanted) {
  struct stat file {};
  Ledger ledger(nullptr, 0, fd);  // from here on `fd` is closed on every way out
  if (::fstat(fd, &file) != 0) return failure("cannot be adopted");
  if (static_cast<std::size_t>(file.st_size) < sizeof(Layout)) return "ledger: too small to be one";
  const auto bytes = static_cast<std::size_t>(file.st_size);
  void* start = map(fd, bytes);
  if (start == MAP_FAILED) return failure("cannot map shared memory");
  ledger.layout_ = static_cast<Layout*>(start);
  ledger.bytes_ = bytes;
  if (std::string why = misfit(*ledger.layout_, in_windows(wanted)); !why.empty()) return why;
  if (ledger.layout_->bytes > bytes) return "ledger: cut short";
  return ledger;
}

Ledger::Ledger(Ledger&& other) noexcept
    : layout_(std::exchange(other.layout_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      fd_(std::exchange(other.fd_, -1)) {}

Ledger& Ledger::operator=(Ledger&& other) noexcept {
  std::swap(layout_, other.layout_);
  std::swap(bytes_, other.bytes_);
  std::swap(fd_, other.fd_);
  return *this;
}

Ledger::~Ledger() {
  if (layout_ != nullptr) ::munmap(layout_, bytes_);
  if (fd_ >= 0) ::close(fd_);
}

const Sizes& Ledger::sizes() const { return layout_->sizes; }

Instant Ledger::created_at() const { return Instant(Nanos(layout_->created_at)); }

// --- servers -----------------------------------------------------------------------------------------

std::optional<ServerId> Ledger::find_server(std::string_view name) const {
  for (ServerId id = 0; id < server_count(); ++id)
    if (server_name(id) == name) return id;
  return std::nullopt;
}

std::optional<ServerId> Ledger::ensure_server(std::string_view name, std::uint32_t slots) {
  if (name.empty() || name.size() > kMaxServerName) return std::nullopt;
  const std::uint32_t count = server_count();
  const ServerId id = find_server(name).value_or(count);
  if (id == sizes().max_servers) return std::nullopt;
  ServerRow& row = layout_->server(id);
  row.slots.store(std::max(slots, 1U), kRelaxed);
  if (id == count) {
    std::copy(name.begin(), name.end(), row.name.begin());
    row.name_bytes = static_cast<std::uint32_t>(name.size());
    layout_->server_count.store(count + 1, std::memory_order_release);  // publishes the row
  }
  if (state(id) == ServerState::absent) set_state(id, effective_state(admin(id), health(id)));
  return id;
}

std::uint32_t Ledger::server_count() const { return layout_->server_count.load(kAcquire); }

std::string_view Ledger::server_name(ServerId server) const {
  const ServerRow& row = layout_->server(server);
  return {row.name.data(), row.name_bytes};
}

std::uint32_t Ledger::slots(ServerId server) const { return layout_->server(server).slots.load(kRelaxed); }

ServerState Ledger::state(ServerId server) const {
  return static_cast<ServerState>(layout_->states()[server].load(kRelaxed));
}

void Ledger::set_state(ServerId server, ServerState state) {
  layout_->states()[server].store(static_cast<std::uint8_t>(state), kRelaxed);
}

void Ledger::set_carries(ServerId server, Carries what) {
  layout_->server(server).carries.store(static_cast<std::uint8_t>(what), kRelaxed);
}

Carries Ledger::carries(ServerId server) const {
  return static_cast<Carries>(layout_->server(server).carries.load(kRelaxed));
}

// --- health and administration: one writer, the control process ----------------------------------------

sched::Health Ledger::health(ServerId server) const {
  return static_cast<sched::Health>(layout_->server(server).health.load(kRelaxed));
}

void Ledger::set_health(ServerId server, sched::Health health) {
  layout_->server(server).health.store(static_cast<std::uint8_t>(health), kRelaxed);
  write_state(server);
}

AdminState Ledger::admin(ServerId server) const {
  return static_cast<AdminState>(layout_->server(server).admin.load(kRelaxed));
}

void Ledger::set_admin(ServerId server, AdminState admin) {
  layout_->server(server).admin.store(static_cast<std::uint8_t>(admin), kRelaxed);
  write_state(server);
}

void Ledger::write_state(ServerId server) {
  if (state(server) != ServerState::absent) set_state(server, effective_state(admin(server), health(server)));
}

void Ledger::allow_trial(ServerId server) { layout_->server(server).trial.store(1, kRelaxed); }

bool Ledger::trial_taken(ServerId server) const { return layout_->server(server).trial.load(kRelaxed) == 0; }

bool Ledger::gives_work(ServerId server, ServerState state) const {
  if (state == ServerState::half_open) return !trial_taken(server);
  return state == ServerState::up || state == ServerState::slow_start;
}

bool Ledger::take_trial(ServerId server) {
  std::uint32_t allowed = 1;
  return layout_->server(server).trial.compare_exchange(allowed, 0);
}

double Ledger::share(ServerId server) const {
  return std::max(layout_->server(server).share.load(kRelaxed), 1U) / 1000.0;
}

void Ledger::set_share(ServerId server, double share) {
  layout_->server(server).share.store(static_cast<std::uint32_t>(share * 1000), kRelaxed);
}

std::int64_t Ledger::ejections(ServerId server) const {
  return layout_->server(server).ejections.load(kRelaxed);
}

std::int64_t Ledger::check_failures(ServerId server) const {
  return layout_->server(server).check_failures.load(kRelaxed);
}

void Ledger::count_ejection(ServerId server) { layout_->server(server).ejections.add(1); }

void Ledger::count_check_failure(ServerId server) { layout_->server(server).check_failures.add(1); }

// --- reading -----------------------------------------------------------------------------------------

std::int64_t Ledger::finish_word(ServerId server) const {
  return layout_->finish_words()[server].load(kAcquire);  // sees the rows of all who moved it: layout.h
}

std::int64_t Ledger::finish_at(ServerId server, std::int64_t word, Instant now) const {
  if (word == kIdle) return ns(now);
  if (word > ns(now)) return word;
  return late_finish(word, books(server), slots(server), ns(now));
}

ServerBooks Ledger::books(ServerId server) const {
  ServerBooks sum;
  const WorkerId limit = layout_->worker_limit.load(kAcquire);
  for (WorkerId worker = 0; worker < limit; ++worker) {
    const PairRow& row = layout_->pair(worker, server);
    sum.in_flight += row.in_flight.load(kRelaxed);
    sum.owed += Nanos(row.owed.load(kRelaxed));
  }
  return sum;
}

// --- setting right -----------------------------------------------------------------------------------

void Ledger::audit(Instant now) {
  for (ServerId server = 0; server < server_count(); ++server) {
    if (carries(server) == Carries::streams) continue;  // its word is no time
    hold_to_books(server, now);
    wake(server, now);
  }
}

/// The word that the books support at most, given the one that stands there.
std::int64_t Ledger::supported(ServerId server, std::int64_t seen, Instant now) const {
  if (seen > ns(now) && layout_->server(server).trusted_until.load(kRelaxed) > ns(now)) return seen;
  const ServerBooks sum = books(server);
  if (sum.in_flight == 0) return kIdle;
  return std::min(seen, latest_finish(sum, slots(server), ns(now)));
}

// No tolerance for bookings that are under way is needed: they raise their row before they move the word,
// so either the sum has them, or they move the word first and this exchange fails.
void Ledger::hold_to_books(ServerId server, Instant now) {
  auto& word = layout_->finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  for (int tries = 0; tries < kTries && seen != kIdle; ++tries) {
    const std::int64_t right = supported(server, seen, now);
    if (right == seen || word.compare_exchange(seen, right)) return;
  }
}

// Idle with requests in flight: a booking that is under way, which then decides again; or somebody read the
// word, was held up, and the word came back to the same nanosecond behind its back.
void Ledger::wake(ServerId server, Instant now) {
  auto& word = layout_->finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  const ServerBooks sum = books(server);
  if (seen == kIdle && sum.in_flight > 0)
    word.compare_exchange(seen, latest_finish(sum, slots(server), ns(now)));
}

void Ledger::trust(ServerId server, std::int64_t until) {
  auto& cell = layout_->server(server).trusted_until;
  if (cell.load(kRelaxed) != until) cell.store(until, kRelaxed);  // mostly 0: the line stays shared
}

void Ledger::reclaim(WorkerId worker, Instant now) {
  for (ServerId server = 0; server < server_count(); ++server) {
    PairRow& row = layout_->pair(worker, server);
    row.in_flight.store(0, kRelaxed);
    row.owed.store(0, kRelaxed);
    if (carries(server) == Carries::streams) continue;
    trust(server, 0);  // the dead may have moved the word with its row as it was: believe the books alone
    hold_to_books(server, now);
  }
  SourceTable::reclaim(*layout_, worker);
}

// --- one worker's pen --------------------------------------------------------------------------------

WorkerBooks::WorkerBooks(Ledger& ledger, WorkerId worker)
    : ledger_(&ledger),
      columns_{ledger.layout().finish_words(), ledger.layout().states()},
      rows_(&ledger.layout().pair(worker, 0)) {
  note_worker(ledger, worker);  // before the first booking, and published with it
}

bool WorkerBooks::read_finish(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                              std::span<std::int64_t> finish) const {
  return scan_finish(columns_, members, ns(now), words.data(), finish.data()) &&
         read_odd(members, now, words, finish);
}

bool WorkerBooks::read_odd(std::span<const ServerId> members, Instant now,
                           std::span<const std::int64_t> words, std::span<std::int64_t> finish) const {
  bool slow = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const ServerState state = ledger_->state(members[i]);
    slow |= state == ServerState::slow_start;
    if (!ledger_->gives_work(members[i], state))
      finish[i] = sched::kUnavailable;
    else if (words[i] <= ns(now) && words[i] != kIdle)
      finish[i] = ledger_->finish_at(members[i], words[i], now);
  }
  return slow;
}

// --- streams -----------------------------------------------------------------------------------------

bool WorkerBooks::read_loads(std::span<const ServerId> members, Instant now, std::span<std::int64_t> words,
                             std::span<std::int64_t> finish, std::span<std::uint32_t> open) const {
  bool slow = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    words[i] = ledger_->finish_word(members[i]);  // before the rows, which it publishes
    const ServerBooks sum = ledger_->books(members[i]);
    const ServerState state = ledger_->state(members[i]);
    slow |= state == ServerState::slow_start;
    open[i] = sum.in_flight;
    finish[i] = ledger_->gives_work(members[i], state) ? ns(now + sum.owed) : sched::kUnavailable;
  }
  return slow;
}

std::optional<Reservation> WorkerBooks::try_open(ServerId server, std::int64_t seen, Nanos load) {
  const bool trial = ledger_->state(server) == ServerState::half_open;
  if (trial && !ledger_->take_trial(server)) return std::nullopt;
  auto made = count_in(server, seen, load);
  if (trial && !made) ledger_->allow_trial(server);
  return made;
}

// The row first, then the word, as for a request: whoever opens a connection after us has us in its sum.
std::optional<Reservation> WorkerBooks::count_in(ServerId server, std::int64_t seen, Nanos load) {
  raise(server, load);
  if (ledger_->layout_->finish_words()[server].compare_exchange(seen, seen + 1))
    return Reservation{.server = server, .service = load};
  lower(server, load);
  return std::nullopt;
}

void WorkerBooks::weigh(Reservation& open, Nanos load) {
  rows_[open.server].owed.add((load - open.service).count());
  open.service = load;
}

double WorkerBooks::slower(ServerId server) const {
  return ledger_->state(server) == ServerState::slow_start ? 1 / ledger_->share(server) : 1;
}

// Of the two fields in_flight says whether there is anything; it is raised last and lowered first, so that
// a reader in between sees too little work for an instant rather than work of no request.
void WorkerBooks::raise(ServerId server, Nanos service) {
  rows_[server].owed.add(service.count());
  rows_[server].in_flight.add(1);
}

void WorkerBooks::lower(ServerId server, Nanos service) {
  PairRow& row = rows_[server];
  row.in_flight.store(row.in_flight.load(kRelaxed) - 1, kRelaxed);
  row.owed.add(-service.count());
}

std::optional<Reservation> WorkerBooks::try_reserve(ServerId server, std::int64_t seen, Nanos service,
                                                    Instant now) {
  const bool trial = takes_trials(server);
  if (trial && !ledger_->take_trial(server)) return std::nullopt;  // another worker's request is the one
  auto made = book(server, seen, service, now);
  if (trial && !made) ledger_->allow_trial(server);
  return made;
}

std::optional<Reservation> WorkerBooks::book(ServerId server, std::int64_t seen, Nanos service, Instant now) {
  const std::int64_t from = ledger_->finish_at(server, seen, now);
  raise(server, service);  // before the word moves, which publishes it: layout.h
  const std::int64_t moved = booked_finish(from, service, ledger_->slots(server));
  if (ledger_->layout_->finish_words()[server].compare_exchange(seen, moved))
    return Reservation{server, service, Instant(Nanos(from) + service)};
  lower(server, service);
  ledger_->hold_to_books(server, now);  // whoever was faster may have counted what is not to be
  return std::nullopt;
}

// Ends: a race is lost only because somebody else's booking or settlement succeeded.
Reservation WorkerBooks::reserve(ServerId server, Nanos service, Instant now) {
  for (;;)
    if (auto made = book(server, ledger_->finish_word(server), service, now)) return *made;
}

// Sums after reading the word and sums again when it moved meanwhile, so that of several settlements at
// once the last to move the word has seen the rows of all. An idle word stays: who wrote it saw our row
// lowered, and a booking that is under way brings its own word.
template <class Rule>
void WorkerBooks::move_word(ServerId server, Rule rule) {
  auto& word = ledger_->layout_->finish_words()[server];
  std::int64_t seen = word.load(kAcquire);
  for (int tries = 0; tries < kTries && seen != kIdle; ++tries)
    if (word.compare_exchange(seen, rule(seen, ledger_->books(server), ledger_->slots(server)))) return;
}

void WorkerBooks::settle(const Reservation& reservation, Nanos actual_service, Nanos reported_backlog,
                         Instant now) {
  lower(reservation.server, reservation.service);
  const Outcome outcome{reservation.service, actual_service, reported_backlog};
  move_word(reservation.server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    ledger_->trust(reservation.server, reported_backlog > sum.owed ? ns(now + Ledger::kTrust) : 0);
    return settled_finish(word, sum, slots, outcome, ns(now));
  });
}

void WorkerBooks::release(const Reservation& reservation, Instant now) {
  lower(reservation.server, reservation.service);
  ledger_->trust(reservation.server, 0);  // what the server reported counted this request, too
  move_word(reservation.server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    return released_finish(word, sum, slots, reservation.service, ns(now));
  });
}

void WorkerBooks::overdue(ServerId server, Instant due, Instant now) {
  move_word(server, [&](std::int64_t word, const ServerBooks& sum, std::uint32_t slots) {
    const std::int64_t expected = overdue_finish(ns(due), sum, slots, ns(now));
    if (expected > word) ledger_->trust(server, ns(now + Ledger::kTrust));
    return std::max(word, expected);
  });
}

}  // namespace finishline::ledger
