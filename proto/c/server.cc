#include "proto/c/server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "proto/c/signals_blocked.h"

namespace finishline::clib {
namespace {

constexpr std::uint64_t kListenerTag = 1, kWakeTag = 2, kFirstConnectionTag = 3;
constexpr int kBacklog = 512;
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::uint32_t kMostSlots = 65536;
constexpr Nanos kAcceptPause = 100ms;
constexpr Nanos kLongestTurn = 1s;  // of the thread: answers of others may have set a time
// A drained connection is closed in the first pause of kQuiet, or after kLongestGoodbye: requests may have
// crossed the goaway, and are refused meanwhile.
constexpr Nanos kQuiet = 200ms, kLongestGoodbye = 1s;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

SocketAddress bound_address(int fd) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.length);
  return bound;
}

/// "" for an address that is none.
std::string path_of(const SocketAddress& address) {
  const bool is_path = address.get()->sa_family == AF_UNIX;
  return is_path ? reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path : "";
}

/// What a dead process has left: a socket at which nobody listens.
void remove_if_stale(const SocketAddress& address) {
  const std::string path = path_of(address);
  struct stat it {};
  if (path.empty() || ::lstat(path.c_str(), &it) != 0 || !S_ISSOCK(it.st_mode)) return;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool refused =
      probe && ::connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED;
  if (refused) ::unlink(path.c_str());
}

}  // namespace

Server::Server(const SocketAddress& address, const ServerRules& rules)
    : rules_(rules),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      intake_(this, rules),
      block_(kReadBytes),
      last_tag_(kFirstConnectionTag) {
  if (!wake_) fail("eventfd");
  poller_.add(wake_.get(), EPOLLIN, kWakeTag);
  listen(address);
}

Server::~Server() {
  ask_to_stop();
  if (thread_.joinable()) thread_.join();
  close_listener();  // nobody may have turned since
}

void Server::listen(const SocketAddress& address) {
  const std::string words = "cannot listen on " + text_of(address);
  listener_ = Descriptor(::socket(address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_) fail(words);
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  remove_if_stale(address);
  if (::bind(listener_.get(), address.get(), address.length) != 0) fail(words);
  if (::listen(listener_.get(), kBacklog) != 0) fail(words);
  poller_.add(listener_.get(), EPOLLIN, kListenerTag);
  address_ = text_of(bound_address(listener_.get()));
  file_ = path_of(address);
  if (!file_.empty()) ::chmod(file_.c_str(), 0660);
}

void Server::start() {
  const std::lock_guard lock(mutex_);
  if (started_) return;
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run_turns(); });
  started_ = true;
}

// Where memory runs out a turn is given up, and what it has read with it: its connections end.
void Server::run_turns() {
  for (;;) {
    try {
      if (!turn(clock_now() + kLongestTurn)) return;
    } catch (const std::exception&) {
      const std::lock_guard lock(mutex_);
      for (const auto& [tag, connection] : connections_) connection->lose();
    }
  }
}

std::uint32_t Server::slots() {
  const std::lock_guard lock(mutex_);
  return intake_.slots();
}

void Server::hire_by(std::function<void(std::uint32_t)> hire) {
  const std::lock_guard lock(mutex_);
  if (hire) hire(intake_.slots());
  hire_ = std::move(hire);
}

int Server::take(Instant until, finishline_work** work) {
  std::unique_lock lock(mutex_);
  for (bool last = false;; last = clock_now() >= until) {
    if (ended_) return FINISHLINE_ENDED;
    if ((*work = next_job(clock_now())) != nullptr) return FINISHLINE_OK;
    if (last) return FINISHLINE_TIMED_OUT;
    if (started_) {
      work_came_.wait_until(lock, std::min(until, clock_now() + kLongestTurn));
      continue;
    }
    lock.unlock();
    turn(until);
    lock.lock();
  }
}

void Server::answer(ServerJob* job, int status, std::uint32_t service_us, std::span<const std::byte> body) {
  const std::lock_guard lock(mutex_);
  reply(job, status, service_us, body, clock_now());
}

void Server::answer_if_left(ServerJob* job, std::uint64_t serial) {
  const std::lock_guard lock(mutex_);
  if (intake_.work().runs(serial)) reply(job, FINISHLINE_SERVER_ERROR, 0, {}, clock_now());
}

bool Server::wanted(const ServerJob& job) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(job.connection);
  return found != connections_.end() && !found->second->abandoned() && !job.cancelled &&
         clock_now() < job.deadline;
}

void Server::ask(Wish wish) noexcept {
  if (wish_ < wish) wish_ = wish;
  nudge();
}

void Server::nudge() noexcept {
  const int before = errno;
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof one) < 0) {
    // It is full: nobody needs to be told twice.
  }
  errno = before;
}

Instant Server::next_time() {
  const std::lock_guard lock(mutex_);
  return next_time_locked();
}

Instant Server::next_time_locked() const {
  if (ended_) return Instant::min();  // whoever turns is to hear of it
  Instant next = accept_again_.value_or(kNever);
  for (const auto& [tag, connection] : connections_) next = std::min(next, connection->due());
  return std::min(next, goodbye_at());
}

Instant Server::goodbye_at() const {
  if (!goodbye_from_) return kNever;
  return std::min(*goodbye_from_ + kLongestGoodbye, std::max(*goodbye_from_, last_frame_) + kQuiet);
}

bool Server::turn(Instant until) {
  const std::lock_guard turning(turning_);
  const Instant next = std::min(next_time(), until);
  const auto events = poller_.wait(poll_ms(next, clock_now()));
  const std::lock_guard lock(mutex_);
  const Instant now = clock_now();
  obey(now);
  for (const Poller::Event& event : events) handle(event, now);
  if (accept_again_ && now >= *accept_again_) accept_all(now);
  sweep(now);
  if (intake_.draining) go_on_draining(now);
  return !ended_;
}

// --- with the lock -----------------------------------------------------------------------------------

void Server::obey(Instant now) {
  const Wish wish = wish_;
  if (wish == Wish::stop && !ended_) end();
  if (wish == Wish::drain && !intake_.draining && !ended_) begin_drain(now);
}

void Server::handle(const Poller::Event& event, Instant now) {
  if (event.data.u64 == kWakeTag) {
    std::uint64_t count = 0;
    if (::read(wake_.get(), &count, sizeof count) < 0) return;
  }
  if (event.data.u64 == kListenerTag && listener_) accept_all(now);
  const auto found = connections_.find(event.data.u64);
  if (found == connections_.end()) return;
  if ((event.events & EPOLLOUT) != 0) flush(*found->second, now);
  if ((event.events & EPOLLIN) != 0) read(*found->second, now);
  if ((event.events & (EPOLLERR | EPOLLHUP)) != 0 && (event.events & EPOLLIN) == 0) found->second->lose();
}

void Server::accept_all(Instant now) {
  if (accept_again_) poller_.add(listener_.get(), EPOLLIN, kListenerTag);
  accept_again_.reset();
  for (;;) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      if (connections_.size() < rules_.max_connections) welcome(std::move(socket));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    poller_.remove(listener_.get());
    accept_again_ = now + kAcceptPause;
    return;
  }
}

void Server::welcome(Descriptor socket) {
  const std::uint64_t tag = ++last_tag_;
  connections_.emplace(tag,
                       std::make_unique<ServerConnection>(std::move(socket), poller_, tag, rules_.max_body));
}

void Server::read(ServerConnection& connection, Instant now) {
  last_frame_ = now;
  const std::size_t waiting = intake_.work().waiting();
  connection.read(block_, now, [&](const proto::Frame& frame, bool too_large) {
    if (frame.header.kind == proto::Kind::cancel) return cancel(connection, frame.header.id, now);
    if (frame.header.kind == proto::Kind::resize) return connection.put(resize(frame.header));
    const auto answer = intake_.take(frame, too_large, connection.tag(), now);
    if (answer)
      connection.put(*answer);
    else
      ++connection.owed;
  });
  flush(connection, now);
  if (intake_.work().waiting() > waiting) work_came_.notify_all();
}

void Server::cancel(ServerConnection& connection, std::uint64_t id, Instant now) {
  const auto answer = intake_.cancel(id, connection.tag(), now);
  if (!answer) return;
  connection.put(*answer);
  --connection.owed;
}

std::uint32_t Server::most_slots() const {
  if (rules_.max_slots > 0) return rules_.max_slots;
  return hire_ && rules_.slots > 1 ? kMostSlots : rules_.slots;
}

Answer Server::resize(const proto::FrameHeader& asked) {
  const std::uint32_t before = intake_.slots();
  const Answer answer = intake_.resize(asked, most_slots());
  if (hire_) try {
      hire_(intake_.slots());
    } catch (const std::exception&) {
      intake_.set_slots(before);
      return Intake::refused(asked, proto::Status::server_error);
    }
  if (intake_.slots() > before) work_came_.notify_all();
  return answer;
}

void Server::flush(ServerConnection& connection, Instant now) {
  if (connection.has_output()) connection.flush(now);
}

// Closes what is over, and withdraws what nobody waits for any more.
void Server::sweep(Instant now) {
  std::erase_if(connections_, [&](const auto& each) {
    ServerConnection& connection = *each.second;
    const bool over = connection.over(now);
    if (over || connection.abandoned()) connection.owed -= intake_.work().withdraw(each.first);
    return over || connection.over(now);
  });
}

// Who has connected, and is not accepted yet, is told as well.
void Server::begin_drain(Instant now) {
  accept_all(now);
  accept_again_.reset();
  intake_.draining = true;
  close_listener();
  for (const auto& [tag, connection] : connections_) {
    connection->put({.kind = proto::Kind::goaway}, {});
    connection->flush(now);
  }
}

// While it listens the file is nobody else's.
void Server::close_listener() {
  if (!file_.empty()) ::unlink(file_.c_str());
  file_.clear();
  listener_.close();
}

void Server::go_on_draining(Instant now) {
  const bool busy = intake_.work().waiting() + intake_.work().running() > 0 ||
                    std::any_of(connections_.begin(), connections_.end(),
                                [](const auto& each) { return each.second->has_output(); });
  if (busy) return goodbye_from_.reset();
  if (!goodbye_from_) goodbye_from_ = now;
  if (now < goodbye_at()) return;
  drained_ = true;
  end();
}

void Server::end() {
  ended_ = true;
  goodbye_from_.reset();
  intake_.work().withdraw_all();
  connections_.clear();
  close_listener();
  accept_again_.reset();
  work_came_.notify_all();
}

// What comes too late for its deadline is answered unbegun.
ServerJob* Server::next_job(Instant now) {
  while (ServerJob* const job = intake_.begin(now)) {
    if (now < job->deadline) return job;
    reply(job, FINISHLINE_DEADLINE_EXCEEDED, 0, {}, now);
  }
  return nullptr;
}

void Server::reply(ServerJob* job, int status, std::uint32_t service_us, std::span<const std::byte> body,
                   Instant now) {
  const auto found = connections_.find(job->connection);
  const Intake::Finished done = intake_.finish(job, status, service_us, now);
  if (found != connections_.end()) {
    ServerConnection& connection = *found->second;
    --connection.owed;
    try {
      connection.put(done.header, body);
      connection.flush(now);
    } catch (const std::bad_alloc&) {
      connection.lose();
    }
    if (connection.over(now)) nudge();
  }
  if (intake_.work().waiting() > 0) work_came_.notify_one();
  // The end of a drain is seen by whoever turns.
  if (intake_.draining && intake_.work().running() == 0) nudge();
}

}  // namespace finishline::clib
