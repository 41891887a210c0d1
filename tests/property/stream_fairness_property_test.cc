// Several workers with clients that wait for places at servers of one pool, in one process: whoever is given
// a place is the oldest who waits anywhere, and when all bells are silent no place is free while somebody
// waits.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "lb/worker/session_table.h"
#include "lb/worker/stream_pool.h"

using namespace finishline;
using namespace finishline::worker;
using ledger::CloseReason;

namespace {

constexpr std::uint32_t kWorkers = 4;

class House;

class Client final : public StreamWaiter {
 public:
  Client(House& house, std::uint32_t at, Instant now) : house_(house), worker(at), since(now) {}
  const StreamJob& job() const override { return job_; }
  bool here() const override { return present; }
  void on_waiting(WaitingTicket given) override { ticket = given; }
  void on_place(const Placement& given) override;
  void on_refused(CloseReason why) override {
    ticket.reset();
    refused = why;
  }

 private:
  House& house_;
  StreamJob job_;

 public:
  std::uint32_t worker;
  Instant since;
  bool present = true;
  std::optional<WaitingTicket> ticket;
  std::optional<Placement> place;
  std::optional<CloseReason> refused;
};

/// One worker of the house.
struct Hand {
  Hand(ledger::Ledger& ledger, ledger::WorkerId self, const process::Doorbells& bells,
       std::vector<Member> members)
      : books(ledger, self), metrics(ledger, self), sessions(metrics), dispatcher(books, metrics, sessions) {
    dispatcher.add_pool(RequestPool({.name = "p", .policy = "least-connections", .streams = true}, members,
                                    cost, books, metrics, self + 1));
    streams.emplace(StreamPool::Context{dispatcher, ledger, books, metrics, self, bells}, 0);
    std::vector<StreamPool::Server> servers;
    for (const Member& member : members) servers.push_back({.id = member.id, .address = {}});
    streams->renew({.max_waiting = 1000, .queue_timeout = 0s}, servers);
  }
  CostModel cost = CostModel::seed(1ms);
  ledger::WorkerBooks books;
  ledger::WorkerMetrics metrics;
  SessionTable sessions;
  Dispatcher dispatcher;
  std::optional<StreamPool> streams;
};

class House {
 public:
  explicit House(const std::vector<std::uint32_t>& places) {
    std::vector<Member> members;
    for (const std::uint32_t most : places) {
      const std::string name = "server-" + std::to_string(members.size());
      const ledger::ServerId id = *ledger_.ensure_server(name, 1);
      ledger_.set_kind(id, ledger::ServerKind::streams);
      members.push_back({.id = id, .spec = {id, name, 0, 1.0, 1}, .max_connections = most});
      places_ += most;
    }
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker)
      hands_.push_back(std::make_unique<Hand>(ledger_, worker, bells_, members));
  }

  void come(std::uint32_t worker) {
    now_ += 1us;
    Client& client = clients_.emplace_back(*this, worker, now_);
    hands_[worker]->streams->request_place(client, now_, now_);
  }
  void go(Client& client) {
    now_ += 1us;
    StreamPool& streams = *hands_[client.worker]->streams;
    if (client.ticket) return streams.give_up(*std::exchange(client.ticket, std::nullopt));
    streams.leave(*std::exchange(client.place, std::nullopt), now_);
  }
  /// Without a word: the worker does not know yet.
  void vanish(Client& client) { client.present = false; }
  /// One worker hears its bell, if that sounds.
  bool answer(std::uint32_t worker) {
    pollfd bell{bells_.fd(worker), POLLIN, 0};
    if (::poll(&bell, 1, 0) != 1) return false;
    bells_.silence(worker);
    hands_[worker]->streams->on_bell(now_ += 1us);
    return true;
  }
  void settle() {
    for (bool rung = true; rung;) {
      rung = false;
      for (std::uint32_t worker = 0; worker < kWorkers; ++worker) rung |= answer(worker);
    }
  }
  void tick_all(Nanos after) {
    now_ += after;
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker)
      if (worker != stopped_) hands_[worker]->streams->tick(now_);
  }
  void stop(std::uint32_t worker) { stopped_ = worker; }

  /// Nobody who was there before may still wait, but for those in a worker that has stopped.
  void check_order(const Client& placed) const {
    for (const Client& other : clients_) {
      const bool waits = other.ticket && other.present && other.worker != stopped_;
      if (&other == &placed || !waits) continue;
      CHECK(other.since > placed.since);
    }
  }
  std::vector<Client*> those(bool waiting) {
    std::vector<Client*> all;
    for (Client& client : clients_)
      if (waiting ? client.ticket.has_value() : client.place.has_value()) all.push_back(&client);
    return all;
  }
  std::uint32_t taken() { return static_cast<std::uint32_t>(those(false).size()); }
  std::size_t living() {
    return static_cast<std::size_t>(
        std::ranges::count_if(those(true), [](Client* it) { return it->present; }));
  }
  std::uint32_t places() const { return places_; }

 private:
  ledger::Ledger ledger_ =
      std::get<ledger::Ledger>(ledger::Ledger::create({.max_workers = kWorkers, .max_servers = 8}));
  process::Doorbells bells_{kWorkers};
  std::vector<std::unique_ptr<Hand>> hands_;
  std::deque<Client> clients_;
  std::optional<std::uint32_t> stopped_;
  std::uint32_t places_ = 0;
  Instant now_ = Instant(std::chrono::hours(1));
};

void Client::on_place(const Placement& given) {
  ticket.reset();
  place = given;
  CHECK(present);
  house_.check_order(*this);
}

}  // namespace

TEST_CASE("places go to the oldest over all workers, and none stays free while somebody waits") {
  std::mt19937 random(20261127);
  const auto below = [&](std::size_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    House house(std::vector<std::uint32_t>(1 + below(3), 1 + below(3)));
    for (int step = 0; step < 150; ++step) {
      const auto served = house.those(false), waiting = house.those(true);
      switch (below(6)) {
        case 0:
        case 1:
          house.come(below(kWorkers));
          break;
        case 2:
          if (!served.empty()) house.go(*served[below(served.size())]);
          break;
        case 3:
          if (!waiting.empty()) house.go(*waiting[below(waiting.size())]);
          break;
        case 4:
          if (!waiting.empty()) house.vanish(*waiting[below(waiting.size())]);
          break;
        default:
          house.answer(below(kWorkers));
      }
      if (below(4) == 0) {
        house.settle();
        CHECK((house.taken() == house.places() || house.living() == 0));
      }
    }
  }
}

TEST_CASE("a worker that is stopped while it is next holds up the others for a moment only") {
  House house({1});
  house.come(0);  // has the place
  house.come(1);  // is next
  house.come(2);
  house.come(3);
  house.stop(1);
  house.go(*house.those(false)[0]);
  CHECK(house.taken() == 0);
  for (int tick = 0; tick < 9; ++tick)
    house.tick_all(10ms);  // the stopped one does not look, nor hear its bell
  CHECK(house.taken() == 0);
  for (int tick = 0; tick < 3; ++tick) house.tick_all(10ms);
  CHECK(house.taken() == 1);
}
