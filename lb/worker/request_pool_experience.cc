// What a pool's members have done lately, and what is kept of that when the pool is made anew.
#include <algorithm>
#include <map>

#include "lb/worker/request_pool.h"

namespace finishline::worker {

void RequestPool::failed(std::size_t member, Nanos spared, Instant now) {
  doubted_ += trust_[member].whole();
  trust_[member].failed(spared, now);
  rest_ends_ = std::max(rest_ends_, trust_[member].stands_back_until());
  response_times_.failed(member, now);
}

void RequestPool::refused(std::size_t member, bool leaving, Instant now) {
  any_refused_ = true;
  trust_[member].refused(leaving, now);
  rest_ends_ = std::max(rest_ends_, trust_[member].rests_until());
}

void RequestPool::learn_from(const RequestPool& before) {
  std::map<ledger::ServerId, std::size_t> places;
  for (std::size_t i = 0; i < before.ids_.size(); ++i) places.emplace(before.ids_[i], i);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto place = places.find(ids_[i]);
    if (place == places.end()) continue;
    response_times_.learn(i, before.response_times_, place->second);
    trust_[i] = before.trust_[place->second];
    if (learns_marks()) marks_[i] = before.marks_[place->second], room_[i] = learned_room(i);
    doubted_ += !trust_[i].whole();
  }
  any_refused_ = before.any_refused_;
  rest_ends_ = before.rest_ends_;
}

}  // namespace finishline::worker
